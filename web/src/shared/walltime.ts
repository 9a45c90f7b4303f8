/**
 * instantOf gives the instant at which a clock in a zone shows a wall time
 * ("2026-11-26T16:30"). A time that a change to summer time skips becomes the
 * instant as far after the change; of one that comes twice the first is meant.
 * What is no time, as a field that is half cleared, becomes no time (NaN).
 */
export function instantOf(wall: string, zone: string): Date {
  const asUTC = /^\d{4}-/.test(wall) ? Date.parse(`${wall}:00Z`) : NaN;
  if (!Number.isFinite(asUTC)) return new Date(NaN);
  // One of the offsets around it is the right one; the earlier instant is tried first.
  const offsets = [offsetAt(asUTC - 864e5, zone), offsetAt(asUTC + 864e5, zone)].sort((a, b) => b - a);
  for (const offset of offsets) {
    const instant = asUTC - offset;
    if (offsetAt(instant, zone) === offset) return new Date(instant);
  }
  return new Date(asUTC - offsets[1]!);
}

/** wallOf is the way back: what a clock in the zone shows, "2026-11-26T16:30". */
export function wallOf(at: Date, zone: string): string {
  return new Date(at.getTime() + offsetAt(at.getTime(), zone)).toISOString().slice(0, 16);
}

/** dayStart is the first instant of the day that holds `at` in a zone, moved by whole days. */
export function dayStart(at: Date, zone: string, days = 0): Date {
  const date = new Date(`${wallOf(at, zone).slice(0, 10)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return instantOf(date.toISOString().slice(0, 16), zone);
}

/** Milliseconds that a zone's clock is before UTC at an instant. */
function offsetAt(instant: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(zone).formatToParts(instant)) parts[type] = Number(value);
  const shown = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  return shown - Math.floor(instant / 1000) * 1000;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let made = formatters.get(zone);
  if (!made) {
    made = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    });
    formatters.set(zone, made);
  }
  return made;
}
