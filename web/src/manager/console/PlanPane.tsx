import { Camera, Check, Film, Minus, Smartphone, X } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { SkipReasons, type State, type StepView } from '../../protocol';
import { keepFocus } from '../../shared/focus';
import { language } from '../../shared/i18n';
import { useNow } from '../../shared/now';
import { languageName } from '../../shared/room';
import { clock, serverNow } from '../../shared/times';
import { Button, Icon, classes } from '../../shared/ui';
import type { Desk } from '../compare/desk';
import { t, word } from '../text';
import type { Ask } from './ask';
import { Captures } from './Captures';
import { Lock } from './Lock';
import { MailCode } from './MailCode';
import { Notes } from './Notes';
import { latest, type Session } from './session';
import { capture, next, resultOf, show, take } from './steps';

type PlanPaneProps = { session: Session; state: State; desk: Desk; zone: string; onAsk: (ask: Ask) => void };

/** The plan pane: steps in their order, captures, notes and flags, and what keeps pass locked. */
export function PlanPane({ session, state, desk, zone, onAsk }: PlanPaneProps) {
  const list = useRef<HTMLOListElement>(null);
  const { step } = state;
  useEffect(() => {
    const show = () => list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
    show();
    const sized = new ResizeObserver(show);
    if (list.current) sized.observe(list.current);
    return () => sized.disconnect();
  }, [step, state.room.state, state.code?.sent, state.code?.done]);
  return (
    <section class="pane plan" aria-label={t('plan.pane')} tabIndex={-1} data-pane>
      <header class="plan-head"><h2>{t('plan.pane')}</h2> <span class="quiet">{t('plan.fixed')}</span></header>
      {state.steps.length === 0 && <p class="quiet plan-to-come">{t('plan.toCome')}</p>}
      <ol class="steps" ref={list} onMouseDown={keepFocus}>
        {state.steps.map((step, i) => (
          <Step key={step.step} session={session} state={state} desk={desk} step={step} n={i + 1} zone={zone} />
        ))}
      </ol>
      <Captures state={state} desk={desk} />
      <Notes session={session} state={state} zone={zone} onFlag={() => onAsk('flag')} />
      <Lock session={session} state={state} desk={desk} onVerdict={() => onAsk('verdict')} />
    </section>
  );
}

type StepProps = { session: Session; state: State; desk: Desk; step: StepView; n: number; zone: string };

function Step({ session, state, desk, step, n, zone }: StepProps) {
  const live = state.room.state === 'live';
  const current = live && state.step === step.step;
  const done = latest(state.staff?.captures ?? [], step.step);
  return (
    <li class={classes('step', current && 'current', step.done && 'done', step.result)} aria-current={current ? 'step' : undefined}>
      <button type="button" class="step-row inset-focus" aria-disabled={!live || undefined} data-testid={`manager-step-${step.step}`} onClick={() => live && show(session, desk, step.step)}>
        <span class="step-mark" aria-hidden="true">{step.done && !current ? <Icon of={markOf(step)} size={12} /> : n}</span>
        <span class="step-name">{word('step', step.step)}</span>
        <span class="only-read">{step.done ? t('plan.stateDone') : current ? t('plan.stateCurrent') : t('plan.stateOpen')}</span>
        {step.result && step.result !== 'done' && <span class="quiet">{word('stepResult', step.result)}</span>}
        {done && <time class="quiet" dateTime={done.at}>{clock(done.at, zone)}</time>}
      </button>
      {current && <StepBody session={session} state={state} desk={desk} step={step} zone={zone} />}
    </li>
  );
}

function markOf({ result }: StepView) {
  return result === 'failed' ? X : result === 'skipped' ? Minus : Check;
}

function StepBody({ session, state, desk, step, zone }: Omit<StepProps, 'n'>) {
  const slot = step.kind === 'capture';
  const kept = (state.staff?.captures ?? []).filter((capture) => capture.slot === step.step).length;
  const { busy, refusals } = session;
  const tries = state.staff?.tries ?? 0;
  const none = slot && tries > 0 && kept >= tries;
  const hint = latest(state.staff?.captures ?? [], step.step)?.hint;
  return (
    <div class="step-body">
      <p class="script">{word('plan.script', step.step)}</p>
      <p class="quiet step-screen"><Icon of={Smartphone} size={14} /> {t('plan.onScreen', { language: languageName(state.room.language, language) })}{kept > 0 && <span class={classes('figures step-kept', none && 'none')}>{none ? t('plan.noRetakes') : tries ? t('plan.retakesLeft', { count: tries - kept }) : t('plan.kept', { count: kept })}</span>}</p>
      <p class="step-actions">
        {slot ? (
          <>
            <Button kind={step.done ? 'secondary' : 'primary'} icon={Camera} locked={none} busy={!!busy.value.capture} hotkey={step.done ? 'R' : t('keys.space')} data-testid="manager-capture" onClick={() => void capture(session, desk, step.step)}>
              {busy.value.capture ? <Capturing /> : step.done ? t('plan.retake') : t('plan.capture')}
            </Button>
            <Button kind={step.done ? 'primary' : 'secondary'} locked={!step.done} hotkey="D" data-testid="manager-next" onClick={() => next(session, desk)}>{t('plan.next')}</Button>
          </>
        ) : step.kind === 'code' ? (
          step.done && <Button kind="primary" hotkey="D" data-testid="manager-next" onClick={() => next(session, desk)}>{t('plan.next')}</Button>
        ) : step.kind !== 'compare' ? (
          <Result session={session} desk={desk} step={step} />
        ) : (
          <>
            <Button hotkey="2" onClick={() => (desk.tab.value = 'face')}>{t('plan.compareFace')}</Button>
            <Button hotkey="3" onClick={() => (desk.tab.value = 'fields')}>{t('plan.compareFields')}</Button>
          </>
        )}
      </p>
      {step.kind === 'code' && <MailCode session={session} state={state} zone={zone} />}
      {slot && <OtherKinds session={session} state={state} slot={step.step} />}
      {step.done && hint && <p class="step-hint" role="status" data-testid="manager-hint" data-hint={hint}>{t('plan.hint', { what: word('hint', hint) })}</p>}
      {refusals.value.capture && <p class="field-error" role="alert">{t('plan.captureFailed', { why: refusals.value.capture })}</p>}
      {refusals.value.step_result && <p class="field-error" role="alert">{t('plan.resultFailed', { why: refusals.value.step_result })}</p>}
      {refusals.value.step && <p class="field-error" role="alert">{t('plan.stepFailed', { why: refusals.value.step })}</p>}
    </div>
  );
}

/** Tells that a capture runs, and for how long: over a poor uplink it takes up to 15 s. */
function Capturing() {
  const [begun] = useState(serverNow);
  const seconds = Math.floor((useNow() - begun) / 1000);
  return <>{seconds > 0 ? t('plan.capturingFor', { seconds }) : t('plan.capturing')}</>;
}

/** A clip of a document's side, and a photo of the sensor where the seller's device takes one. */
function OtherKinds({ session, state, slot }: { session: Session; state: State; slot: string }) {
  const { busy, refusals } = session;
  const document = slot === 'DOC_FRONT' || slot === 'DOC_BACK';
  const photo = state.staff?.photo;
  const refused = refusals.value.clip || refusals.value.photo;
  if (!document && !photo) return null;
  return (
    <>
      <p class="step-actions other-kinds">
        {document && (
          <Button icon={Film} busy={!!busy.value.clip} hotkey="T" title={t('plan.clipLine')} data-testid="manager-clip" onClick={() => void take(session, slot, 'clip')}>{busy.value.clip ? t('plan.clipping') : t('plan.clip')}</Button>
        )}
      </p>
      {refused && <p class="field-error" role="alert">{t('plan.captureFailed', { why: refused })}</p>}
      {photo && photo.phase !== 'failed' && <p class="quiet figures" role="status">{t('plan.photoRunning', { percent: percent(photo) })}</p>}
      {photo?.phase === 'failed' && <p class="field-error" role="alert">{t('plan.captureFailed', { why: photo.why ?? '' })}</p>}
    </>
  );
}

function percent(photo: { received: number; size: number }): number {
  return photo.size ? Math.round((100 * photo.received) / photo.size) : 0;
}

type ResultProps = { session: Session; desk: Desk; step: StepView };

/** What came of a feature, a challenge or a question; a skip needs its reason. */
function Result({ session, desk, step }: ResultProps) {
  const busy = !!session.busy.value.step_result;
  const finish = (result: string, reason = '') => void resultOf({ session, desk, step }, result, reason);
  if (step.done) {
    return (
      <>
        <Button hotkey="R" busy={busy} data-testid="manager-redo" onClick={() => finish('open')}>{t('plan.redo')}</Button>
        <Button kind="primary" hotkey="D" data-testid="manager-next" onClick={() => next(session, desk)}>{t('plan.next')}</Button>
      </>
    );
  }
  return (
    <>
      <Button kind="primary" icon={Check} hotkey="D" busy={busy} data-testid="manager-step-done" onClick={() => finish('done')}>{word('plan.yes', step.kind)}</Button>
      <Button icon={X} busy={busy} data-testid="manager-step-failed" onClick={() => finish('failed')}>{word('plan.no', step.kind)}</Button>
      <select class="input step-skip" aria-label={t('plan.skip')} value="" disabled={busy} data-testid="manager-step-skip" onChange={(event) => event.currentTarget.value && finish('skipped', event.currentTarget.value)}>
        <option value="">{t('plan.skip')}</option>
        {SkipReasons.map((reason) => <option key={reason} value={reason}>{word('skip', reason)}</option>)}
      </select>
    </>
  );
}
