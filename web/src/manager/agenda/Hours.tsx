import { AlertTriangle } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { language } from '../../shared/i18n';
import { useLoad } from '../../shared/load';
import { Button, Dialog, Field, Strip } from '../../shared/ui';
import { availability, setAvailability } from '../api';
import { t } from '../text';
import { datesOf, datesText, spansOf, spansText, type Availability } from './hours';

const days = [1, 2, 3, 4, 5, 6, 0]; // Monday first
const zones: string[] = Intl.supportedValuesOf('timeZone');

/** The manager's hours and terms, from which sellers' slots are made. */
export function HoursDialog({ onClose }: { onClose: () => void }) {
  const known = useLoad('availability', availability);
  if (known.value) return <HoursForm terms={known.value} onClose={onClose} />;
  return (
    <Dialog title={t('hours.title')} onClose={onClose} class="hours-dialog">
      {known.fault ? <Strip tone="danger" icon={AlertTriangle} title={known.fault.message} urgent action={<Button kind="link" onClick={known.reload}>{t('agenda.retry')}</Button>} /> : <span class="bar-grey" />}
    </Dialog>
  );
}

interface Draft {
  zone: string;
  hours: string[]; // by weekday
  breaks: string[];
  dates: string;
  languages: string;
  maxCalls: string;
  buffer: string;
  length: string;
  certified: string;
}

function draftOf(terms: Availability): Draft {
  const week = [0, 1, 2, 3, 4, 5, 6];
  return {
    zone: terms.zone,
    hours: week.map((day) => spansText(terms.hours, day)),
    breaks: week.map((day) => spansText(terms.breaks, day)),
    dates: datesText(terms),
    languages: terms.languages.join(', '),
    maxCalls: String(terms.maxCalls),
    buffer: String(terms.buffer),
    length: String(terms.length),
    certified: terms.certified,
  };
}

/** The terms that a draft says, or the name of the first field that can't be read. */
function termsOf(draft: Draft): Availability | string {
  const spans = { hours: [] as Availability['hours'], breaks: [] as Availability['breaks'] };
  for (const kind of ['hours', 'breaks'] as const) {
    for (const day of days) {
      const read = spansOf(draft[kind][day]!, day);
      if (!read) return `${kind}${day}`;
      spans[kind].push(...read);
    }
  }
  const dates = datesOf(draft.dates);
  if (!dates) return 'dates';
  return {
    ...spans, ...dates, zone: draft.zone, certified: draft.certified,
    languages: draft.languages.split(/[,\s]+/).filter(Boolean),
    maxCalls: Number(draft.maxCalls), buffer: Number(draft.buffer), length: Number(draft.length),
  };
}

function HoursForm({ terms, onClose }: { terms: Availability; onClose: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(terms));
  const [wrong, setWrong] = useState('');
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const set = (change: Partial<Draft>) => {
    setWrong('');
    setDraft((before) => ({ ...before, ...change }));
  };
  const setDay = (kind: 'hours' | 'breaks', day: number, text: string) => set({ [kind]: draft[kind].map((old, i) => (i === day ? text : old)) });
  const save = async () => {
    const read = termsOf(draft);
    if (typeof read === 'string') return setWrong(read);
    setBusy(true);
    setWhy('');
    try {
      await setAvailability(read);
      onClose();
    } catch (cause) {
      setWhy(cause instanceof ApiError ? String(cause.detail['detail'] ?? cause.message) : String(cause));
      setBusy(false);
    }
  };
  const number = (field: 'maxCalls' | 'buffer' | 'length', least: number, most: number) => (
    <Field label={t(`hours.${field}`)}>
      {(control) => <input {...control} class="input" type="number" min={least} max={most} value={draft[field]} onInput={(event) => set({ [field]: event.currentTarget.value })} />}
    </Field>
  );
  return (
    <Dialog
      title={t('hours.title')}
      onClose={onClose}
      class="hours-dialog"
      actions={
        <>
          <Button onClick={onClose}>{t('hours.back')}</Button>
          <Button kind="primary" busy={busy} data-testid="manager-hours-save" onClick={() => void save()}>{t('hours.save')}</Button>
        </>
      }
    >
      <p class="quiet">{t('hours.lead')}</p>
      {why && <Strip tone="danger" icon={AlertTriangle} title={why} urgent />}
      <table class="hours-week">
        <thead><tr><th scope="col">{t('hours.day')}</th><th scope="col">{t('hours.from')}</th><th scope="col">{t('hours.breaks')}</th></tr></thead>
        <tbody>
          {days.map((day) => (
            <tr key={day}>
              <th scope="row">{dayName(day)}</th>
              {(['hours', 'breaks'] as const).map((kind) => (
                <td key={kind}>
                  <input
                    class="input figures" data-testid={`manager-${kind}-${day}`} aria-label={`${dayName(day)}, ${t(kind === 'hours' ? 'hours.from' : 'hours.breaks')}`}
                    aria-invalid={wrong === `${kind}${day}` ? 'true' : undefined} placeholder={kind === 'hours' ? t('hours.none') : '–'}
                    value={draft[kind][day]} onInput={(event) => setDay(kind, day, event.currentTarget.value)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {wrong && wrong !== 'dates' && <p class="field-error" role="alert">{t('hours.wrongSpan')}</p>}
      <div class="two">
        <Field label={t('hours.zone')}>
          {(control) => (
            <select {...control} class="input" value={draft.zone} onChange={(event) => set({ zone: event.currentTarget.value })}>
              {(zones.includes(draft.zone) ? zones : [draft.zone, ...zones]).map((zone) => <option value={zone} key={zone}>{zone.replaceAll('_', ' ')}</option>)}
            </select>
          )}
        </Field>
        <Field label={t('hours.languages')} hint={t('hours.languagesHint')}>
          {(control) => <input {...control} class="input" value={draft.languages} onInput={(event) => set({ languages: event.currentTarget.value })} />}
        </Field>
        {number('length', 5, 240)}
        {number('buffer', 0, 240)}
        {number('maxCalls', 0, 200)}
        <Field label={t('hours.certified')} hint={t('hours.certifiedHint')}>
          {(control) => <input {...control} class="input" type="date" value={draft.certified} onInput={(event) => set({ certified: event.currentTarget.value })} />}
        </Field>
      </div>
      <Field label={t('hours.dates')} hint={t('hours.datesHint')} error={wrong === 'dates' ? t('hours.wrongDate') : undefined}>
        {(control) => <textarea {...control} class="input figures" rows={3} value={draft.dates} onInput={(event) => set({ dates: event.currentTarget.value })} />}
      </Field>
    </Dialog>
  );
}

/** "Monday" of a weekday's number. */
function dayName(day: number): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2026, 10, 22 + day))); // a Sunday
}
