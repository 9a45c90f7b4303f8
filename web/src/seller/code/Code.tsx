import { Mail, MailX, ShieldCheck } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { useNow } from '../../shared/now';
import { span } from '../../shared/times';
import { Button, Field, Icon, Strip } from '../../shared/ui';
import { Comfort, Screen } from '../Screen';
import { t } from '../text';
import { checkCode, codeState, sendCode, type CodeState } from './api';
import './code.css';

type CodeProps = { /** What the code is for: it changes the words only. */ why: 'join' | 'kept' | 'again'; back?: (() => void) | undefined; done: () => void };

/** The six-digit code by mail: send, enter, and what to do when it doesn't come or isn't taken. */
export function Code({ why, back, done }: CodeProps) {
  const [state, setState] = useState<CodeState | null>(null);
  const [digits, setDigits] = useState('');
  const [busy, setBusy] = useState<'' | 'send' | 'check'>('');
  const [fault, setFault] = useState<ApiError | null>(null);
  const [again, setAgain] = useState(false);
  const now = useNow();
  const entry = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const stop = new AbortController();
    codeState(stop.signal).then(setState, (cause: unknown) => cause instanceof ApiError && setFault(cause));
    return () => stop.abort();
  }, []);

  const left = state?.until ? Math.max(0, Date.parse(state.until) - now) : 0;
  const sent = left > 0 && fault?.code !== 'code_over';

  async function send() {
    setBusy('send');
    setFault(null);
    setDigits('');
    try {
      setState(await sendCode());
      setAgain(true);
      entry.current?.focus();
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setFault(cause);
    }
    setBusy('');
  }

  async function check(code: string) {
    if (busy || code.length !== 6) return;
    setBusy('check');
    setFault(null);
    try {
      await checkCode(code);
      done();
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setFault(cause);
      setDigits('');
      entry.current?.focus();
      setBusy('');
    }
  }

  // What was typed while another code was sent is checked then.
  useEffect(() => {
    if (!busy && digits.length === 6) void check(digits);
  }, [busy]);

  /** Pasted text may have spaces and words around the digits. */
  function typed(text: string) {
    const code = text.replace(/\D/g, '').slice(0, 6);
    setDigits(code);
    if (code.length === 6) void check(code);
  }

  if (state && !state.able) return <NoMail back={back} />;
  return (
    <Screen
      title={t('code.screen')}
      testid="seller-code"
      back={back}
      dock={
        <>
          {sent ? (
            <Button kind="primary" wide busy={busy === 'check'} locked={digits.length !== 6} data-testid="seller-code-check" onClick={() => void check(digits)}>
              {t('code.check')}
            </Button>
          ) : (
            <Button kind="primary" wide icon={Mail} iconSize={20} busy={busy === 'send'} data-testid="seller-code-send" onClick={() => void send()}>
              {t('code.send')}
            </Button>
          )}
          <Comfort>{t('code.comfort')}</Comfort>
        </>
      }
    >
      <span class="sign tone-accent">
        <Icon of={sent ? Mail : ShieldCheck} size={32} />
      </span>
      <h1 class="title">{t(sent ? 'code.titleSent' : 'code.title')}</h1>
      <p class="lead">{t(sent ? 'code.leadSent' : why === 'join' ? 'code.leadJoin' : why === 'again' ? 'code.leadAgain' : 'code.leadKept')}</p>
      {fault && fault.code !== 'code_wrong' && (
        <Strip tone="warn" icon={MailX} title={fault.code === 'code_over' ? t('code.over') : fault.message} urgent />
      )}
      {sent && (
        <form
          class="code-form"
          onSubmit={(event) => {
            event.preventDefault();
            void check(digits);
          }}
        >
          <Field label={t('code.label')} hint={t('code.left', { time: span(left) })} error={fault?.code === 'code_wrong' ? t('code.wrong') : undefined}>
            {(control) => (
              <input
                {...control}
                ref={entry}
                class="input code-input"
                inputMode="numeric"
                autocomplete="one-time-code"
                spellcheck={false}
                maxLength={40}
                value={digits}
                data-testid="seller-code-input"
                onInput={(event) => typed(event.currentTarget.value)}
              />
            )}
          </Field>
          <Button kind="link" busy={busy === 'send'} data-testid="seller-code-again" onClick={() => void send()}>
            {t('code.again')}
          </Button>
          <p class="only-read" role="status">
            {again ? t('code.sentNews') : ''}
          </p>
        </form>
      )}
    </Screen>
  );
}

function NoMail({ back }: { back?: (() => void) | undefined }) {
  return (
    <Screen title={t('code.screen')} testid="seller-code-none" class="quiet" back={back}>
      <span class="sign tone-warn">
        <Icon of={MailX} size={32} />
      </span>
      <h1 class="title">{t('code.noneTitle')}</h1>
      <p class="lead">{t('code.noneText')}</p>
    </Screen>
  );
}
