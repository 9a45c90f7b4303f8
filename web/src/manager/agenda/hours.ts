/** When an account manager can hold calls. */
export interface Availability {
  /** IANA */
  zone: string;
  hours: Span[];
  breaks: Span[];
  /** Dates such as 2026-12-25. */
  holidays: string[];
  daysOff: { from: string; to: string }[];
  languages: string[];
  /** Calls a day, 0 = no limit. */
  maxCalls: number;
  /** Minutes between two calls. */
  buffer: number;
  /** Minutes that a call is planned for. */
  length: number;
  /** Last date of the certification, '' = none needed. */
  certified: string;
}

/** A part of a weekday (0 = Sunday) in minutes from midnight. */
export interface Span {
  day: number;
  from: number;
  to: number;
}

/** "9:00-12:00, 13:00-17:00" of the spans of a day. */
export function spansText(spans: Span[], day: number): string {
  return spans
    .filter((span) => span.day === day)
    .map((span) => `${clockOf(span.from)}–${clockOf(span.to)}`)
    .join(', ');
}

/** The spans that a text says, or null where it can't be read. */
export function spansOf(text: string, day: number): Span[] | null {
  const spans: Span[] = [];
  for (const part of text.split(/[,;]/).map((part) => part.trim()).filter(Boolean)) {
    const [, h1, m1, h2, m2] = /^(\d{1,2})(?::(\d\d))?\s*[-–—]\s*(\d{1,2})(?::(\d\d))?$/.exec(part) ?? [];
    if (h1 === undefined) return null;
    const span = { day, from: Number(h1) * 60 + Number(m1 ?? 0), to: Number(h2) * 60 + Number(m2 ?? 0) };
    if (span.from >= span.to || span.to > 24 * 60) return null;
    spans.push(span);
  }
  return spans;
}

function clockOf(minutes: number): string {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

/** One date or range a line: "2026-12-24 – 2026-12-31". */
export function datesText(terms: Pick<Availability, 'holidays' | 'daysOff'>): string {
  return [...terms.holidays, ...terms.daysOff.map(({ from, to }) => `${from} – ${to}`)].sort().join('\n');
}

/** The dates that a text says, or null where it can't be read. */
export function datesOf(text: string): Pick<Availability, 'holidays' | 'daysOff'> | null {
  const dates: Pick<Availability, 'holidays' | 'daysOff'> = { holidays: [], daysOff: [] };
  for (const line of text.split('\n').map((line) => line.trim()).filter(Boolean)) {
    const [, from, to] = /^(\d{4}-\d\d-\d\d)(?:\s*[-–—]\s*(\d{4}-\d\d-\d\d))?$/.exec(line) ?? [];
    if (!from || (to && to < from)) return null;
    if (to) dates.daysOff.push({ from, to });
    else dates.holidays.push(from);
  }
  return dates;
}
