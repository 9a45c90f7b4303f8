import { dayStart, instantOf } from '../../shared/walltime';
import type { Filters } from '../api';

const none: Filters = { from: '', to: '', manager: '', verdict: '' };

/** Filters live in the address, so that a view can be kept and shared. */
export function readFilters(search: string): Filters {
  const query = new URLSearchParams(search);
  const get = (name: keyof Filters) => query.get(name) ?? '';
  return { from: isDay(get('from')), to: isDay(get('to')), manager: get('manager'), verdict: get('verdict') };
}

export function writeFilters(filters: Filters): string {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  return query.size ? `?${query}` : '';
}

export function isFiltered(filters: Filters): boolean {
  return Object.values(filters).some(Boolean);
}

/** toQuery turns days of the auditor's zone into instants: from its start, to the end of the last day. */
export function toQuery(filters: Filters, zone: string) {
  const start = (day: string, days: number) => (day ? dayStart(instantOf(`${day}T12:00`, zone), zone, days).toISOString() : '');
  return { from: start(filters.from, 0), to: start(filters.to, 1), manager: filters.manager, verdict: filters.verdict };
}

export const noFilters = (): Filters => ({ ...none });

function isDay(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : '';
}
