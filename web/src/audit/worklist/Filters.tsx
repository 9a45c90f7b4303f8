import type { ComponentChildren } from 'preact';
import { Flags, Reasons, Verdicts } from '../../protocol';
import { Button, classes } from '../../shared/ui';
import type { Filters } from '../api';
import { t, word } from '../text';
import { ages, isFiltered, noFilters } from './filters';

const causes = ['random', 'sample', 'referred', 'flag', 'late', 'chosen', 'escalated'];

type FilterBarProps = { filters: Filters; managers: { id: string; name: string }[]; profiles: string[]; onChange: (filters: Filters) => void };

/** What the list is narrowed to. */
export function FilterBar({ filters, managers, profiles, onChange }: FilterBarProps) {
  const set = (part: Partial<Filters>) => onChange({ ...filters, ...part });
  return (
    <div class="filters" role="search" aria-label={t('list.filters')}>
      <label class={classes('filter', filters.from && 'on')}><span>{t('list.decidedFrom')}</span><input id="filter-from" type="date" max={filters.to || undefined} data-testid="audit-from" value={filters.from} onChange={(event) => set({ from: event.currentTarget.value })} /></label>
      <label class={classes('filter', filters.to && 'on')}><span>{t('list.decidedTo')}</span><input type="date" min={filters.from || undefined} data-testid="audit-to" value={filters.to} onChange={(event) => set({ to: event.currentTarget.value })} /></label>
      <Choice name="manager" value={filters.manager} label={t('list.manager')} onPick={(manager) => set({ manager })}>
        {managers.map((each) => <option value={each.id} key={each.id}>{each.name}</option>)}
        {filters.manager && !managers.some((each) => each.id === filters.manager) && <option value={filters.manager}>{filters.manager}</option>}
      </Choice>
      <Choice name="verdict" value={filters.verdict} label={t('list.verdict')} onPick={(verdict) => set({ verdict })}>
        {Verdicts.map((verdict) => <option value={verdict} key={verdict}>{word('verdict', verdict)}</option>)}
      </Choice>
      <Choice name="reason" value={filters.reason} label={t('list.reason')} onPick={(reason) => set({ reason })}>
        {Reasons.map((code) => <option value={code} key={code}>{word('reason', code)}</option>)}
      </Choice>
      <Choice name="flag" value={filters.flag} label={t('list.flag')} onPick={(flag) => set({ flag })}>
        {Flags.map((code) => <option value={code} key={code}>{word('flag', code)}</option>)}
      </Choice>
      <Choice name="why" value={filters.why} label={t('list.why')} onPick={(why) => set({ why })}>
        {causes.map((cause) => <option value={cause} key={cause}>{word('why', cause)}</option>)}
      </Choice>
      <Choice name="profile" value={filters.profile} label={t('list.profile')} onPick={(profile) => set({ profile })}>
        {profiles.map((id) => <option value={id} key={id}>{id}</option>)}
      </Choice>
      <Choice name="age" value={filters.age} label={t('list.ageFilter')} onPick={(age) => set({ age })}>
        {ages.map((days) => <option value={days} key={days}>{t(`list.ages.${days}`)}</option>)}
      </Choice>
      <span class="grow" />
      {isFiltered(filters) && <Button kind="link" data-testid="audit-clear" onClick={() => onChange(noFilters(filters.part))}>{t('list.clear')}</Button>}
    </div>
  );
}

type ChoiceProps = { name: string; label: string; value: string; onPick: (value: string) => void; children: ComponentChildren };

function Choice({ name, label, value, onPick, children }: ChoiceProps) {
  return (
    <label class={classes('filter', value && 'on')}>
      <span>{label}</span>
      <select data-testid={`audit-${name}`} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        <option value="">{t('list.any')}</option>
        {children}
      </select>
    </label>
  );
}
