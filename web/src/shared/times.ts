import { signal } from '@preact/signals';
import { language, t } from './i18n';

/** How far the server's clock is before the device's, ms; 0 until the server said its time. */
const before = signal(0);

let set = false; // the server has said its time once

const drift = 1000; // ms that may come of the way: nothing is drawn anew for them

let later: number | undefined; // what was said last, where it would turn the clock back

/**
 * Sets the page's clock by what the server says, and gives it back. What comes late makes the clock seem slow: it is turned
 * back only when the server says so twice. A server of before says no time.
 */
export function setClock<T extends { now?: string }>(said: T): T {
  const difference = Date.parse(said.now ?? '') - Date.now();
  const back = difference < before.peek() - drift;
  if (difference > before.peek() + drift || (back && (!set || (later !== undefined && Math.abs(difference - later) < drift)))) before.value = difference;
  later = back && before.peek() !== difference ? difference : undefined;
  set ||= !Number.isNaN(difference);
  return said;
}

/** The present by the server's clock, ms since the epoch: a phone's own may be an hour wrong, and appointments, codes and graces are the server's. */
export function serverNow(): number {
  return Date.now() + before.value;
}

/** The reader's own zone, IANA. */
export const ownZone: string = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

function format(at: string | Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  return formatter(language, zone, options).format(new Date(at));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs a slow phone milliseconds, and a week of times asks for hundreds. */
function formatter(tag: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${tag} ${zone} ${JSON.stringify(options)}`;
  let made = formatters.get(key);
  if (!made) formatters.set(key, (made = new Intl.DateTimeFormat(tag, { ...options, timeZone: known(zone) })));
  return made;
}

const zones: ReadonlySet<string> = new Set(Intl.supportedValuesOf?.('timeZone'));

/** A zone that this browser doesn't know is shown in UTC rather than not at all. */
function known(zone: string): string {
  if (zones.has(zone)) return zone;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone || 'UTC' });
    return zone || 'UTC';
  } catch {
    return 'UTC';
  }
}

/** Hours and minutes, 24 h: "10:30". */
export function clock(at: string | Date, zone: string = ownZone): string {
  return format(at, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** Hours, minutes, seconds: "16:33:58". */
export function clockSeconds(at: string | Date, zone: string = ownZone): string {
  return format(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
}

/** "Thursday". */
export function weekday(at: string | Date, zone: string = ownZone): string {
  return format(at, zone, { weekday: 'long' });
}

/** "Thu". */
export function weekdayShort(at: string | Date, zone: string = ownZone): string {
  return format(at, zone, { weekday: 'short' });
}

/** "Nov". */
export function month(at: string | Date, zone: string = ownZone): string {
  return format(at, zone, { month: 'short' });
}

/** Day of the month: "26", also where the language adds a word to it. */
export function dayOfMonth(at: string | Date, zone: string = ownZone): string {
  const parts = formatter(language, zone, { day: 'numeric' }).formatToParts(new Date(at));
  return parts.find((part) => part.type === 'day')?.value ?? '';
}

/** "26 November 2026". */
export function day(at: string | Date, zone: string = ownZone): string {
  const parts = formatter(language, zone, { day: 'numeric', month: 'long', year: 'numeric' })
    .formatToParts(new Date(at));
  if (language !== 'en') return parts.map((part) => part.value).join('');
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('day')} ${of('month')} ${of('year')}`;
}

/** "26 Nov 2026", where there is little room. */
export function dayShort(at: string | Date, zone: string = ownZone): string {
  return formatter(british(), zone, { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(at));
}

/** "Thursday 26 November", as the language writes it. */
export function dayOfWeek(at: string | Date, zone: string = ownZone): string {
  return formatter(british(), zone, { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(at));
}

/** The day goes before the month in English too. */
const british = () => (language === 'en' ? 'en-GB' : language);

/** How long a number of days is, in the largest unit that they fill: "5 years", "6 months", "90 days". Retention counts a year as 365 or 366 days. */
export function term(days: number): string {
  const years = Math.round(days / 365.25);
  const months = Math.round(days / 30.4375);
  const [count, unit] = years > 0 && Math.abs(days - years * 365.25) <= years ? [years, 'year'] : days > 90 && Math.abs(days - months * 30.4375) <= 1.5 ? [months, 'month'] : [days, 'day'];
  return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'long' }).format(count as number);
}

/** Offset of a zone at an instant: "UTC−5", "UTC+5:30", "UTC". */
export function utcOffset(at: string | Date, zone: string): string {
  const name = formatter('en', zone, { timeZoneName: 'shortOffset' })
    .formatToParts(new Date(at))
    .find((part) => part.type === 'timeZoneName')?.value;
  return t('utc', { offset: (name ?? '').replace(/^GMT(\+0$)?/, '').replace('-', '−') });
}

/** City of a zone id: "Toronto" for America/Toronto. */
export function city(zone: string): string {
  return known(zone).split('/').at(-1)!.replaceAll('_', ' ');
}

/** "Toronto (UTC−5)". */
export function place(at: string | Date, zone: string): string {
  const utc = utcOffset(at, zone);
  const name = city(zone);
  return name === 'UTC' ? utc : t('zone', { city: name, utc });
}

/** Length of time as "3:12" or "1:02:40"; never below zero. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** "1.6 MB", "16 MB": bytes in powers of ten, two figures where there are fewer than three. */
export function bytes(n: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const step = n < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** step;
  const digits = step > 1 && value < 9.95 ? 1 : 0;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[step]!,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(value);
}

/** A share as "99.8 %", with one figure after the point where it isn't whole. */
export function percent(share: number): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(share);
}
