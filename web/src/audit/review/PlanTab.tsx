import { Check, CircleCheck, CircleDashed, CircleX, EyeOff, X } from 'lucide-preact';
import { Badge, Icon, classes } from '../../shared/ui';
import type { Mark } from '../api';
import { t, word } from '../text';
import { clockTime } from './line';
import type { Desk } from './session';

/** One thing that an auditor sees the same or not. */
export interface Check {
  code: string;
  kind: string;
  name: string;
  /** place on the line; undefined where it was never shown */
  at?: number;
  /** what the manager found; '' while blind or open */
  result: string;
}

/** checksOf lists the plan's steps, or what was compared where there is no plan. */
export function checksOf(desk: Desk): Check[] {
  const { timeline } = desk.review;
  const plan = timeline.find((entry) => entry.type === 'plan')?.body?.steps;
  const steps = Array.isArray(plan) ? (plan as { code?: unknown; kind?: unknown }[]).map(({ code, kind }) => ({ code: String(code ?? ''), kind: String(kind ?? '') })) : [];
  if (!steps.length) return desk.review.review.items.map((code) => ({ code, kind: 'item', name: word('item', code) || code, result: lastOf(desk, 'compare', 'item', code, 'decision') }));
  return steps.map(({ code, kind }) => {
    const shown = desk.line.steps.filter((each) => each.step === code).at(-1);
    const taken = desk.line.stills.filter((still) => still.slot === code).at(-1);
    const entered = kind === 'code' && timeline.some(({ type }) => type === 'code_checked');
    const result = entered ? 'done' : kind === 'capture' && !desk.review.review.blind && taken ? 'done' : lastOf(desk, 'step_result', 'step', code, 'result');
    const at = taken ? desk.timeOf(taken) : shown?.start;
    return { code, kind, name: word('step', code) || code, result, ...(at === undefined ? {} : { at }) };
  });
}

function lastOf(desk: Desk, type: string, key: string, code: string, what: string): string {
  const entry = desk.review.timeline.filter((each) => each.type === type && each.body?.[key] === code).at(-1);
  return String(entry?.body?.[what] ?? '');
}

/** The plan as a checklist: do you see the same? */
export function PlanTab({ desk }: { desk: Desk }) {
  const checks = checksOf(desk);
  const { review } = desk.review;
  const mine = review.open ? desk.checks.value : (review.opinions.at(-1)?.checks ?? {});
  const count = checks.filter(({ code }) => mine[code]).length;
  return (
    <>
      {review.blind && (
        <section class="blind card" data-testid="audit-blind">
          <Icon of={EyeOff} />
          <div><b>{t('blind.title')}</b><p>{t('blind.line')}</p></div>
        </section>
      )}
      <header class="checks-head"><h2>{t('plan.question')}</h2><span class="quiet figures">{t('plan.count', { done: count, count: checks.length })}</span></header>
      {checks.length === 0 && <p class="quiet">{t('plan.none')}</p>}
      <ul class="audit-checks">
        {checks.map((check) => (
          <li key={check.code} data-testid="audit-check" data-code={check.code}>
            <Result check={check} blind={review.blind} />
            <button type="button" class="check-name" disabled={check.at === undefined} onClick={() => check.at !== undefined && desk.clock.seek(check.at)}>{check.name}</button>
            <span class="quiet figures">{check.at === undefined ? t('plan.notShown') : clockTime(check.at)}</span>
            <span class="check-marks" role="group" aria-label={check.name}>
              <MarkButton desk={desk} code={check.code} mark="same" open={review.open} on={mine[check.code] === 'same'} />
              <MarkButton desk={desk} code={check.code} mark="different" open={review.open} on={mine[check.code] === 'different'} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Result({ check, blind }: { check: Check; blind: boolean }) {
  const good = check.result === 'done' || check.result === 'same';
  const bad = check.result === 'failed' || check.result === 'different';
  const words = blind ? t('blind.hidden') : check.result ? word('stepResult', check.result) || word('decision', check.result) || check.result : t('plan.open');
  return (
    <span class={classes('check-result', good && 'ok', bad && 'bad')} title={words}>
      <Icon of={good ? CircleCheck : bad ? CircleX : CircleDashed} />
      <span class="only-read">{words}</span>
    </span>
  );
}

function MarkButton({ desk, code, mark, open, on }: { desk: Desk; code: string; mark: Mark; open: boolean; on: boolean }) {
  const set = () => {
    const { [code]: before, ...rest } = desk.checks.value;
    desk.checks.value = before === mark ? rest : { ...rest, [code]: mark };
  };
  return (
    <button type="button" class={classes('check-mark', mark, on && 'on')} aria-pressed={on} aria-label={t(`plan.${mark}`)} title={t(`plan.${mark}`)} disabled={!open} data-testid={`audit-check-${mark}`} onClick={set}>
      <Icon of={mark === 'same' ? Check : X} />
    </button>
  );
}

/** The manager's notes and silent flags, and the auditors' notes. */
export function NotesTab({ desk }: { desk: Desk }) {
  const { review, timeline, personal, names } = desk.review;
  const notes = timeline.filter((entry) => entry.type === 'staff_note');
  if (review.blind) return <section class="blind card"><Icon of={EyeOff} /><div><b>{t('blind.title')}</b><p>{t('blind.line')}</p></div></section>;
  const said = review.opinions.filter((opinion) => opinion.note);
  return (
    <>
      <h2>{t('notes.manager')}</h2>
      {notes.length === 0 && <p class="quiet">{t('notes.none')}</p>}
      <ul class="notes">
        {notes.map((entry) => {
          const value = personal[String(entry.body?.content)] as { code?: string; text?: string } | undefined;
          return <li key={entry.seq}><time class="quiet figures">{clockTime(Date.parse(entry.at) - desk.line.start)}</time> <span>{value?.code && <Badge tone="staff">{word('flag', value.code) || value.code}</Badge>} {value?.text}</span></li>;
        })}
      </ul>
      <h2>{t('notes.auditors')}</h2>
      {said.length === 0 && <p class="quiet">{t('notes.none')}</p>}
      <ul class="notes">{said.map((opinion) => <li key={opinion.by}><b>{names[opinion.by] ?? opinion.by}</b> <span>{opinion.note}</span></li>)}</ul>
    </>
  );
}
