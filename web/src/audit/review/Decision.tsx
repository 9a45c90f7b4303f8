import { AlertTriangle, ArrowRight, Check, RefreshCw, X, type LucideIcon } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Reasons, Slots } from '../../protocol';
import { ApiError } from '../../shared/api';
import { bindKeys } from '../../shared/hotkeys';
import type { VerdictWord } from '../../shared/room';
import { VerdictBadge } from '../../shared/staff';
import { clock, day } from '../../shared/times';
import { Badge, Button, Icon, Strip, classes } from '../../shared/ui';
import { decide, type Decision, type Me, type Opinion } from '../api';
import { t, word } from '../text';
import type { Desk } from './session';

/** The decisions, each with its key. */
export const decisions: [decision: Decision, key: string, icon: LucideIcon][] = [['approve', 'A', Check], ['recapture', 'C', RefreshCw], ['reject', 'X', X], ['escalate', 'E', ArrowRight]];

/** Where the decision is made, or stands beside the manager's. */
export function DecisionPane({ desk, me, onDecided }: { desk: Desk; me: Me; onDecided: () => void }) {
  const { review } = desk.review;
  return review.open ? <Form desk={desk} onDecided={onDecided} /> : <Both desk={desk} me={me} />;
}

function Form({ desk, onDecided }: { desk: Desk; onDecided: () => void }) {
  const [asked, setAsked] = useState(false);
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const { decision, reasons, note } = desk.draft.value;
  const { blind } = desk.review.review;
  const missing = !decision ? 'choose' : decision !== 'approve' && !reasons.length ? 'reason' : '';
  const change = (part: Partial<typeof desk.draft.value>) => {
    setSure(false);
    desk.draft.value = { ...desk.draft.peek(), ...part };
  };
  const send = async () => {
    setAsked(true);
    if (missing || busy || !decision) return;
    if (decision === 'reject' && !sure) return setSure(true);
    setBusy(true);
    setFault('');
    const checks = desk.checks.peek();
    const repeat = decision === 'recapture' ? Slots.filter((slot) => checks[slot] === 'different') : [];
    try {
      await decide(desk.review.room.id, { decision, reasons, repeat: [...repeat], checks, note: note.trim() });
      onDecided();
    } catch (cause) {
      setFault(cause instanceof ApiError ? cause.message : String(cause));
      setBusy(false);
    }
  };
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => bindKeys({ 'ctrl+enter': () => void latest.current() }), []);
  return (
    <section class="decision-pane" aria-labelledby="decision-title">
      <header><h2 id="decision-title">{t('decide.title')}</h2><span class="quiet">{t('decide.kept')}</span></header>
      <div class="decision-choices" role="group" aria-labelledby="decision-title">
        {decisions.map(([each, key, icon]) => (
          <button type="button" class={classes('decision-choice', each === decision && 'on')} aria-pressed={each === decision} data-testid={`audit-decide-${each}`} key={each} onClick={() => change({ decision: each })}>
            <Icon of={icon} /><span>{t(`decide.${each}`)}</span><kbd class="key">{key}</kbd>
          </button>
        ))}
      </div>
      <div class="decision-reasons">
        {reasons.map((code) => (
          <button type="button" class="chip" key={code} title={t('decide.drop')} aria-label={`${word('reason', code)}, ${t('decide.drop')}`} onClick={() => change({ reasons: reasons.filter((each) => each !== code) })}>
            {word('reason', code)} <code>{code}</code> <Icon of={X} size={12} />
          </button>
        ))}
        <select class="add-reason" aria-label={t('decide.addReason')} data-testid="audit-decide-reason" value="" onChange={(event) => { const code = event.currentTarget.value; event.currentTarget.value = ''; if (code) change({ reasons: [...new Set([...reasons, code])] }); }}>
          <option value="">+ {t('decide.addReason')}</option>
          {[...new Set(Reasons.map((code) => code[0]!))].map((group) => (
            <optgroup label={t(`decide.group.${group as 'Q'}`)} key={group}>{Reasons.filter((code) => code.startsWith(`${group}_`)).map((code) => <option value={code} key={code}>{word('reason', code)} ({code})</option>)}</optgroup>
          ))}
        </select>
      </div>
      <textarea class="decision-note" rows={2} maxLength={2000} aria-label={t('decide.note')} placeholder={t('decide.notePlaceholder')} data-testid="audit-decide-note" value={note} onInput={(event) => change({ note: event.currentTarget.value })} />
      {fault && <Strip tone="danger" icon={AlertTriangle} title={t('decide.failed')} urgent>{fault}</Strip>}
      {sure && <p class="decision-sure" role="status">{t('decide.sure', { name: desk.review.room.sellerName, reasons: reasons.map((code) => word('reason', code)).join(', ') })}</p>}
      <p class={classes('decision-why', 'quiet', !(asked && missing) && 'only-read')} id="decision-why" role="status">{asked && missing ? t(`decide.${missing}`) : ''}</p>
      <Button kind={sure ? 'danger' : 'primary'} wide class="decision-send" hotkey="⌘ ↵" locked={!!missing} busy={busy} aria-describedby="decision-why" data-testid="audit-decide-send" onLocked={() => setAsked(true)} onClick={() => void send()}>
        {sure ? t('decide.confirm') : blind ? t('decide.sendBlind') : t('decide.send')}
      </Button>
    </section>
  );
}

/** The manager's verdict and the auditors' decisions, side by side. */
function Both({ desk, me }: { desk: Desk; me: Me }) {
  const { room, review, names } = desk.review;
  return (
    <section class="decision-pane" aria-labelledby="decision-title" data-testid="audit-decided">
      <header><h2 id="decision-title">{t('decide.both')}</h2>{review.outcome && <span class="quiet">{t('decide.outcome', { verdict: word('verdict', review.outcome) })}</span>}</header>
      <ul class="opinions">
        <li>
          <p><b>{names[room.manager] ?? room.manager}</b> <span class="quiet">{t('decide.manager')}</span></p>
          <p>{room.verdict && <VerdictBadge verdict={room.verdict as VerdictWord}>{word('verdict', room.verdict)}</VerdictBadge>} <ReasonList codes={room.reasons ?? []} /></p>
        </li>
        {review.opinions.map((opinion) => <OpinionRow opinion={opinion} name={names[opinion.by] ?? opinion.by} me={me} key={opinion.by} />)}
      </ul>
      {review.opinions.length === 0 && <p class="quiet">{t('decide.closed')}</p>}
    </section>
  );
}

function OpinionRow({ opinion, name, me }: { opinion: Opinion; name: string; me: Me }) {
  const icon = decisions.find(([each]) => each === opinion.decision)?.[2] ?? Check;
  return (
    <li data-testid="audit-opinion" data-decision={opinion.decision} data-agrees={opinion.agrees}>
      <p><b>{name}</b> <span class="quiet figures">{day(opinion.at, me.zone)}, {clock(opinion.at, me.zone)}{opinion.blind ? `, ${t('decide.blindly')}` : ''}</span></p>
      <p>
        <Badge icon={icon}>{t(`decide.${opinion.decision}`)}</Badge> {opinion.agrees && <Badge tone={opinion.agrees === 'same' ? 'ok' : 'warn'}>{t(`decide.agrees.${opinion.agrees}`)}</Badge>} <ReasonList codes={opinion.reasons} />
      </p>
      {opinion.note && <p class="opinion-note">{opinion.note}</p>}
    </li>
  );
}

function ReasonList({ codes }: { codes: string[] }) {
  return <>{codes.map((code) => <span class="reason" key={code}>{word('reason', code)} <code class="quiet">{code}</code></span>)}</>;
}
