import { AlertTriangle, Check, CircleCheck, EyeOff, Info, Lock, Search } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Slots, type Missing, type State } from '../../protocol';
import { bindKeys, typing } from '../../shared/hotkeys';
import { language } from '../../shared/i18n';
import { languageName, type VerdictWord } from '../../shared/room';
import { Button, Dialog, Icon, Strip, classes } from '../../shared/ui';
import type { Me } from '../api';
import { missingWords } from '../console/Lock';
import type { Session } from '../console/session';
import { t, word } from '../text';
import { faultOf, groups, longestLine, mostReasons, nothing, reasonsOf, toSend, verdictWords, type Choice } from './choices';
import { Preview } from './Preview';
import './verdict.css';

type VerdictDialogProps = { session: Session; state: State; name: string; me: Me; onClose: () => void };

/** The verdict: choice, coded reasons, what to repeat, a line, and the seller's page as it will be. */
export function VerdictDialog({ session, state, name, me, onClose }: VerdictDialogProps) {
  const [choice, setChoice] = useState<Choice>(nothing);
  const [asked, setAsked] = useState(false); // the fault shows only after a try
  const [confirming, setConfirming] = useState(false);
  const missing = state.staff?.missing ?? [];
  const fault = faultOf(choice, missing);
  const change = (part: Partial<Choice>) => {
    setConfirming(false);
    setChoice((before) => ({ ...before, ...part }));
  };
  const pick = (verdict: VerdictWord) => change({ verdict });
  const send = async () => {
    setAsked(true);
    if (fault) return;
    if (choice.verdict === 'fail' && !confirming) return setConfirming(true);
    session.forgive('verdict');
    if (await session.ask('verdict', toSend(choice))) onClose();
  };
  const latestSend = useRef(send);
  latestSend.current = send;
  useEffect(() => bindKeys({ 'ctrl+enter': () => void latestSend.current() }), []);
  const numbers = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const picked = verdictWords[Number(event.key) - 1];
    if (picked && !typing(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      pick(picked);
      event.currentTarget.querySelectorAll<HTMLElement>('[role=radio]')[verdictWords.indexOf(picked)]?.focus();
    }
  };
  const ended = state.room.state === 'ended';
  return (
    <Dialog title={t('decide.title')} class="wide verdict" onClose={onClose}>
      <div class="verdict-form" onKeyDown={numbers}>
        <p class="verdict-who">{name} <code>{state.room.id}</code></p>
        <div class="verdict-scroll">
          <VerdictChoices chosen={choice.verdict} missing={missing.length} onPick={pick} />
          {choice.verdict === 'pass' && missing.length > 0 && <LockedBy missing={missing} />}
          <ReasonChoices choice={choice} onChange={(reasons) => change({ reasons })} />
          {choice.verdict === 'recapture' && <RepeatChoices repeat={choice.repeat} onChange={(repeat) => change({ repeat })} />}
          <Line line={choice.line} language={state.room.language} onChange={(line) => change({ line })} />
          <p class="verdict-staff tone-staff"><Icon of={EyeOff} /> {t('decide.staffLine')}</p>
        </div>
        <footer class="verdict-foot">
          {session.refusals.value.verdict && <Strip tone="danger" icon={AlertTriangle} title={t('decide.failed', { why: '' }).trim()} urgent>{session.refusals.value.verdict}</Strip>}
          {confirming ? (
            <Confirm choice={choice} name={name} busy={!!session.busy.value.verdict} onBack={() => setConfirming(false)} onSend={() => void send()} />
          ) : (
            <div class="verdict-actions">
              <Button kind="ghost" hotkey="Esc" onClick={onClose}>{ended ? t('decide.backRoom') : t('decide.back')}</Button>
              <span class="grow" />
              <span class={classes('quiet', asked && fault && 'verdict-fault')} id="verdict-why" role="status">{asked && fault && fault !== 'locked' ? t(`decide.${fault}`) : ended ? t('decide.sealsEnded') : t('decide.seals')}</span>
              <Button kind={choice.verdict === 'fail' ? 'danger' : 'primary'} class="verdict-send" locked={!!fault} busy={!!session.busy.value.verdict} hotkey="Ctrl ↵" aria-describedby="verdict-why" data-testid="verdict-send" onLocked={() => setAsked(true)} onClick={() => void send()}>
                {choice.verdict ? t('decide.send', { verdict: t(`decide.choice.${choice.verdict}`) }) : t('decide.sendNone')}
              </Button>
            </div>
          )}
        </footer>
      </div>
      <Preview choice={choice} language={state.room.language} manager={me.name} />
    </Dialog>
  );
}

function VerdictChoices({ chosen, missing, onPick }: { chosen: string; missing: number; onPick: (verdict: VerdictWord) => void }) {
  const arrows = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const radios = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=radio]')];
    const at = (radios.indexOf(document.activeElement as HTMLElement) + step + radios.length) % radios.length;
    radios[at]?.focus();
    onPick(verdictWords[at]!);
  };
  return (
    <div class="verdict-choices" role="radiogroup" aria-label={t('decide.title')} onKeyDown={arrows}>
      {verdictWords.map((verdict, i) => {
        const on = verdict === chosen;
        const locked = verdict === 'pass' && missing > 0;
        const stop = on || (!chosen && i === 0);
        return (
          <button type="button" role="radio" aria-checked={on} tabIndex={stop ? 0 : -1} autofocus={i === 0} class={classes('verdict-choice', on && 'on', locked && 'locked')} data-testid={`verdict-${verdict}`} key={verdict} onClick={() => onPick(verdict)}>
            <kbd class="key">{i + 1}</kbd>
            <span><b>{t(`decide.choice.${verdict}`)}</b><span class="quiet">{locked ? t('lock.missing', { count: missing }) : t(`decide.line.${verdict}`)}</span></span>
            {locked ? <Icon of={Lock} /> : on && <Icon of={CircleCheck} />}
          </button>
        );
      })}
      <p class="verdict-hint quiet"><Icon of={Info} /> {missing > 0 ? t('decide.passHint') : t('decide.passOpen')}</p>
    </div>
  );
}

/** What keeps pass locked, one thing a line. */
function LockedBy({ missing }: { missing: Missing[] }) {
  return (
    <section class="verdict-locked tone-warn">
      <h3><Icon of={Lock} /> {t('decide.locked')}</h3>
      <ul>{missing.map((item) => <li key={`${item.code} ${item.item}`}>{missingWords(item)}</li>)}</ul>
    </section>
  );
}

function ReasonChoices({ choice, onChange }: { choice: Choice; onChange: (reasons: string[]) => void }) {
  const [letters, setLetters] = useState('');
  const full = choice.reasons.length >= mostReasons;
  const shown = groups.map((group) => ({ group, codes: reasonsOf(group, letters) })).filter(({ codes }) => codes.length);
  const toggle = (code: string) => {
    if (choice.reasons.includes(code)) onChange(choice.reasons.filter((each) => each !== code));
    else if (!full) onChange([...choice.reasons, code]);
  };
  if (choice.verdict === 'pass') return null;
  return (
    <section>
      <h3>
        {t('decide.reasons')} <span class="quiet">{full ? t('decide.tooMany') : t('decide.atLeastOne')}</span>
        <span class="grow" />
        <span class="verdict-filter"><Icon of={Search} size={14} /><input type="search" aria-label={t('decide.filter')} placeholder={t('decide.filter')} value={letters} onInput={(event) => setLetters(event.currentTarget.value)} /></span>
      </h3>
      {shown.length === 0 && <p class="quiet">{t('decide.noMatch')}</p>}
      {shown.map(({ group, codes }) => (
        <div class="reason-group" role="group" aria-label={t(`decide.group.${group}`)} key={group}>
          <span class="quiet" aria-hidden="true">{t(`decide.group.${group}`)}</span>
          <div class="chips">
            {codes.map((code) => <Chip key={code} on={choice.reasons.includes(code)} testid={`verdict-reason-${code}`} onClick={() => toggle(code)}>{word('reason', code)} <code>{code}</code></Chip>)}
          </div>
        </div>
      ))}
    </section>
  );
}

function RepeatChoices({ repeat, onChange }: { repeat: string[]; onChange: (repeat: string[]) => void }) {
  const toggle = (slot: string) => onChange(repeat.includes(slot) ? repeat.filter((each) => each !== slot) : [...repeat, slot]);
  return (
    <section>
      <h3>{t('decide.repeat')}</h3>
      <div class="chips">
        {Slots.map((slot) => <Chip key={slot} on={repeat.includes(slot)} testid={`verdict-repeat-${slot}`} onClick={() => toggle(slot)}>{word('step', slot)}</Chip>)}
      </div>
    </section>
  );
}

function Chip({ on, testid, onClick, children }: { on: boolean; testid: string; onClick: () => void; children: preact.ComponentChildren }) {
  return (
    <button type="button" class={classes('chip', on && 'on')} aria-pressed={on} data-testid={testid} onClick={onClick}>
      {on && <Icon of={Check} size={14} />}{children}
    </button>
  );
}

function Line({ line, language: code, onChange }: { line: string; language: string; onChange: (line: string) => void }) {
  return (
    <section>
      <h3><label for="verdict-line">{t('decide.lineTitle')}</label> <span class="quiet">{t('decide.lineHint', { language: languageName(code, language) })}</span><span class="grow" /><span class="quiet figures">{t('decide.left', { used: Array.from(line).length, all: longestLine })}</span></h3>
      <textarea id="verdict-line" class="input" rows={1} maxLength={longestLine} data-testid="verdict-line" value={line} onInput={(event) => onChange(event.currentTarget.value)} />
    </section>
  );
}

/** The second step of a fail, with the words that were chosen. */
function Confirm({ choice, name, busy, onBack, onSend }: { choice: Choice; name: string; busy: boolean; onBack: () => void; onSend: () => void }) {
  const confirm = useRef<HTMLDivElement>(null);
  useEffect(() => confirm.current?.querySelector<HTMLElement>('button')?.focus(), []);
  return (
    <div class="verdict-confirm" role="alert" ref={confirm}>
      <p><strong>{t('decide.confirmTitle', { name })}</strong> {t('decide.confirmLine', { reasons: choice.reasons.map((code) => word('reason', code)).join(', ') })}</p>
      <Button onClick={onBack}>{t('decide.confirmBack')}</Button>
      <Button kind="danger" busy={busy} data-testid="verdict-confirm" onClick={onSend}>{t('decide.confirm')}</Button>
    </div>
  );
}
