import { dayStart, instantOf } from '../../shared/walltime';
import { parts, type Filters, type Part, type Query } from '../api';

const none: Filters = { part: 'queue', from: '', to: '', manager: '', verdict: '', reason: '', flag: '', profile: '', why: '', age: '', seller: '' };
const words = ['manager', 'verdict', 'reason', 'flag', 'profile', 'why', 'age'] as const;

/** Ages that can be asked for, in days. */
export const ages = ['1', '3', '7', '30'] as const;

/** Filters live in the address, so that a view can be kept and shared; a seller's mail does not. */
export function readFilters(search: string): Filters {
  const query = new URLSearchParams(search);
  const part = parts.find((each) => each === query.get('part')) ?? 'queue';
  const read = { ...none, part, from: isDay(query.get('from') ?? ''), to: isDay(query.get('to') ?? '') };
  for (const name of words) read[name] = query.get(name) ?? '';
  return read;
}

export function writeFilters({ seller: _, part, ...rest }: Filters): string {
  const query = new URLSearchParams(Object.entries({ part: part === 'queue' ? '' : part, ...rest }).filter(([, value]) => value));
  return query.size ? `?${query}` : '';
}

export function isFiltered({ part: _, ...rest }: Filters): boolean {
  return Object.values(rest).some(Boolean);
}

/** toQuery turns days of the auditor's zone into instants: from its start, to the end of the last day. */
export function toQuery({ part, from, to, age, ...rest }: Filters, zone: string, now: number): Omit<Query, 'cursor'> {
  const start = (day: string, days: number) => (day ? dayStart(instantOf(`${day}T12:00`, zone), zone, days).toISOString() : '');
  const old = Number(age) > 0 ? new Date(Math.floor(now / 60_000) * 60_000 - Number(age) * 86400e3).toISOString() : '';
  const until = start(to, 1);
  return { part: part === 'all' ? '' : part, from: start(from, 0), to: old && (!until || old < until) ? old : until, ...rest };
}

export const noFilters = (part: Part = 'queue'): Filters => ({ ...none, part });

function isDay(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : '';
}
