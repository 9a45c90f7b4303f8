import { month } from '../../shared/times';
import { dayStart, wallOf } from '../../shared/walltime';
import { language } from '../../shared/i18n';
import type { Slot } from './api';

/** Parts of a day, each from its hour on. */
export const parts = [
  { name: 'night', from: 0 },
  { name: 'early', from: 5 },
  { name: 'morning', from: 9 },
  { name: 'afternoon', from: 12 },
  { name: 'evening', from: 17 },
] as const;

export type Part = (typeof parts)[number]['name'];

/** Name of a day in a zone: "2026-11-26". */
export function dateOf(at: string | Date, zone: string): string {
  return wallOf(new Date(at), zone).slice(0, 10);
}

/** Slots by day in a zone. */
export function byDay(slots: Slot[], zone: string): Map<string, Slot[]> {
  const days = new Map<string, Slot[]>();
  for (const slot of slots) {
    const date = dateOf(slot.at, zone);
    const list = days.get(date);
    if (list) list.push(slot);
    else days.set(date, [slot]);
  }
  return days;
}

/** The part of the day that a slot lies in. */
export function partOf(slot: Slot, zone: string): Part {
  const hour = Number(wallOf(new Date(slot.at), zone).slice(11, 13));
  return parts.findLast((part) => part.from <= hour)!.name;
}

/** The first instants of the seven days, Monday first, of the week that holds an instant, moved by whole weeks. */
export function week(at: Date, zone: string, weeks: number): Date[] {
  const monday = (new Date(`${dateOf(at, zone)}T00:00:00Z`).getUTCDay() + 6) % 7;
  return Array.from({ length: 7 }, (_, i) => dayStart(at, zone, i - monday + weeks * 7));
}

/** "23–29 November", "30 Nov – 6 Dec", as the language writes it. */
export function weekTitle(days: Date[], zone: string): string {
  const [first, last] = [days[0]!, days[6]!];
  const one = month(first, zone) === month(last, zone);
  const tag = language === 'en' ? 'en-GB' : language;
  return new Intl.DateTimeFormat(tag, { day: 'numeric', month: one ? 'long' : 'short', timeZone: zone }).formatRange(first, last);
}
