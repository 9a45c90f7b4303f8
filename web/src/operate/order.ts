import type { CallNow } from './api';

/** How a call stands: the worst first. */
export const standings = ['failing', 'low', 'returning', 'well'] as const;
export type Standing = (typeof standings)[number];

/** standingOf says how a call stands. */
export function standingOf(call: CallNow): Standing {
  if (call.failing) return 'failing';
  if (call.figures && call.coverage < call.floor) return 'low';
  return call.state === 'interrupted' ? 'returning' : 'well';
}

/** worstFirst orders calls; among equals by room, so that a tile stays where it is. */
export function worstFirst(calls: CallNow[]): CallNow[] {
  const rank = (call: CallNow) => standings.indexOf(standingOf(call));
  return [...calls].sort((a, b) => rank(a) - rank(b) || (a.room < b.room ? -1 : 1));
}

/** running counts the calls at each of some instants, ms since 1970. */
export function running(spans: { from: string; to?: string }[], instants: number[]): number[] {
  const all = spans.map(({ from, to }) => [Date.parse(from), to ? Date.parse(to) : Infinity] as const);
  return instants.map((at) => all.filter(([from, to]) => from <= at && at < to).length);
}
