import { Mail, MailCheck, MailX } from 'lucide-preact';
import type { CodeView, State } from '../../protocol';
import { useNow } from '../../shared/now';
import { clock, serverNow, span } from '../../shared/times';
import { Button, Icon, classes } from '../../shared/ui';
import { t } from '../text';
import type { Session } from './session';

type CodeProps = { session: Session; state: State; zone: string };

/** The step of the mailed code: send it, how it stands, send another one. */
export function MailCode({ session, state, zone }: CodeProps) {
  const now = useNow();
  const { code } = state;
  const able = !!state.staff?.canCode;
  const wait = pauseOf(code, now);
  return (
    <>
      <span class="step-actions">
        <Button kind={code ? 'secondary' : 'primary'} icon={Mail} hotkey="E" busy={!!session.busy.value.send_code} locked={!canSend(state, now)} data-testid="manager-code" onClick={() => sendCode(session)}>
          {!code ? t('code.send') : wait > 0 && !code.done ? t('code.againIn', { time: span(wait) }) : t('code.again')}
        </Button>
      </span>
      {!able && <p class="step-hint">{t('code.noMail')}</p>}
      {code && <Standing code={code} now={now} zone={zone} />}
      {session.refusals.value.send_code && <p class="field-error" role="alert">{t('code.failed', { why: session.refusals.value.send_code })}</p>}
    </>
  );
}

function Standing({ code, now, zone }: { code: CodeView; now: number; zone: string }) {
  const left = leftOf(code, now);
  const at = clock(code.sent, zone);
  const words = code.done ? t('code.done') : left > 0 ? t('code.open', { at, time: span(left) }) : t('code.over', { at });
  return (
    <p class={classes('quiet figures code-standing', code.done && 'done')} data-testid="manager-code-state" data-state={code.done ? 'done' : left > 0 ? 'open' : 'over'}>
      <Icon of={code.done ? MailCheck : left > 0 ? Mail : MailX} size={14} /> <span>{words} {!code.done && left > 0 && <b>{t('code.tries', { count: code.left })}</b>}</span>
    </p>
  );
}

/** How long the code can still be entered, ms; 0 where it can't. */
function leftOf(code: CodeView, now: number): number {
  return code.left > 0 ? Math.max(0, Date.parse(code.until) - now) : 0;
}

function pauseOf(code: CodeView | undefined, now: number): number {
  return code ? Math.max(0, Date.parse(code.again) - now) : 0;
}

/** canSend says whether a code can be mailed to the seller now. */
export function canSend(state: State, now: number): boolean {
  return state.room.state === 'live' && !!state.staff?.canCode && !state.code?.done && pauseOf(state.code, now) === 0;
}

/** sendCode has one mailed, where that is possible. */
export function sendCode(session: Session): void {
  if (session.state && canSend(session.state, serverNow())) void session.ask('send_code', {});
}
