import { CircleAlert } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CodeView, State } from '../../protocol';
import { useNow } from '../../shared/now';
import { ServerError } from '../../shared/socket';
import { span } from '../../shared/times';
import { Button, classes, Icon } from '../../shared/ui';
import { say } from '../Announcer';
import { t } from '../text';
import type { Visit } from '../visit';
import './code-entry.css';

/** How long a code can still be entered, ms; 0 where it can't. */
function leftOf(code: CodeView, now: number): number {
  return code.left > 0 ? Math.max(0, Date.parse(code.until) - now) : 0;
}

/** The code in the place of the prompt, while one was sent and can be entered, or is over and its step is still the current one. */
export function CodeOr({ visit, state, children }: { visit: Visit; state: State; children: ComponentChildren }) {
  const { code } = state;
  if (!code || code.done) return <>{children}</>;
  return <Asked visit={visit} code={code} always={state.step === 'CODE'}>{children}</Asked>;
}

type AskedProps = { visit: Visit; code: CodeView; always: boolean; children: ComponentChildren };

function Asked({ visit, code, always, children }: AskedProps) {
  const now = useNow(250);
  return always || leftOf(code, now) > 0 ? <CodeEntry visit={visit} code={code} now={now} /> : <>{children}</>;
}

/** The mailed code in the call: six boxes, tries and time left, another one. The picture goes on above. */
function CodeEntry({ visit, code, now }: { visit: Visit; code: CodeView; now: number }) {
  const [digits, setDigits] = useState('');
  const [busy, setBusy] = useState<'' | 'check_code' | 'send_code'>('');
  const [fault, setFault] = useState<ServerError | null>(null);
  const entry = useRef<HTMLInputElement>(null);
  const left = leftOf(code, now);
  const wait = Math.max(0, Date.parse(code.again) - now);

  useEffect(() => {
    setDigits('');
    setFault(null);
    say(t('call.code.sent'));
  }, [code.sent]);

  async function ask(type: 'check_code' | 'send_code', value = '') {
    if (busy) return;
    setBusy(type);
    setFault(null);
    try {
      await (type === 'check_code' ? visit.socket.request(type, { code: value }) : visit.socket.request(type, {}));
    } catch (cause) {
      if (!(cause instanceof ServerError)) throw cause;
      setFault(cause);
      if (cause.code !== 'network') setDigits('');
    }
    setBusy('');
    entry.current?.focus();
  }

  /** Pasted text may have spaces and words around the digits. */
  function typed(text: string) {
    const value = text.replace(/\D/g, '').slice(0, 6);
    setDigits(value);
    if (value) setFault(null);
    if (value.length === 6) void ask('check_code', value);
  }

  const wrong = fault?.code === 'code_wrong';
  return (
    <form
      class="code-entry"
      data-testid="seller-call-code"
      onSubmit={(event) => {
        event.preventDefault();
        if (digits.length === 6) void ask('check_code', digits);
      }}
    >
      <h1 class="prompt-title" data-testid="seller-prompt">{t(left > 0 ? 'call.code.title' : 'call.code.overTitle')}</h1>
      <p class="sub" id="code-sub">{t(left > 0 ? 'call.code.sub' : 'call.code.over')}</p>
      {left > 0 && (
        <div class={classes('code-boxes', wrong && 'wrong', busy === 'check_code' && 'busy')}>
          {Array.from({ length: 6 }, (_, i) => <span key={i} class={classes(i === Math.min(digits.length, 5) && 'next')} aria-hidden="true">{digits[i] ?? ''}</span>)}
          <input
            ref={entry}
            aria-label={t('call.code.label')}
            aria-describedby="code-sub code-fault"
            aria-invalid={wrong || undefined}
            inputMode="numeric"
            autocomplete="one-time-code"
            enterkeyhint="done"
            spellcheck={false}
            maxLength={40}
            value={digits}
            data-testid="seller-call-code-input"
            onInput={(event) => typed(event.currentTarget.value)}
          />
        </div>
      )}
      <p class={classes('code-line', fault && 'field-error')} id="code-fault" role={fault ? 'alert' : undefined}>
        {fault ? <><Icon of={CircleAlert} size={16} /><span>{wrong ? t('call.code.wrong') : fault.message} {wrong && left > 0 && t('call.code.tries', { count: code.left })}</span></> : left > 0 && <span class="figures">{t('call.code.left', { time: span(left) })}</span>}
      </p>
      <Button kind="link" busy={busy === 'send_code'} locked={wait > 0} data-testid="seller-call-code-again" onClick={() => wait === 0 && void ask('send_code')}>
        {wait > 0 ? t('call.code.againIn', { time: span(wait) }) : t('call.code.again')}
      </Button>
    </form>
  );
}
