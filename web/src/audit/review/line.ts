import type { Entry, Facts, Gap, Recording, Review } from '../api';
import type { Span } from './clock';

/** A recording on the room's time line, which begins with the call. */
export interface Track extends Span {
  recording: Recording;
}

/** A still with its place on the time line. */
export interface Still {
  slot: string;
  sha256: string;
  width: number;
  height: number;
  at: number;
  recording: string;
  frame: number;
  /** which of its slot, from 1 */
  turn: number;
}

/** An entry of the ledger with its place; entries before or after the call lie at its ends. */
export interface Mark {
  entry: Entry;
  at: number;
  /** it happened while the call was on */
  inCall: boolean;
}

/** The time line of a review: everything in milliseconds from the call's begin. */
export interface Line {
  start: number; // ms since the epoch
  length: number;
  tracks: Record<'seller' | 'manager', Track[]>;
  stills: Still[];
  marks: Mark[];
  /** stretches that a side is missing or broken, within and between recordings */
  gaps: (Span & { side: string; cause: string })[];
  steps: (Span & { step: string })[];
  /** codes of the plan's steps, in its order */
  plan: string[];
}

/** lineOf lays a record out in time. Pure. */
export function lineOf({ facts, timeline }: Review): Line {
  const start = Date.parse(facts.call.from);
  const tracks = { seller: tracksOf(facts, 'seller'), manager: tracksOf(facts, 'manager') };
  const ends = [...tracks.seller, ...tracks.manager].map((track) => track.end);
  const length = Math.max(1, Date.parse(facts.call.to) - start, ...ends);
  const marks = timeline.map((entry) => markOf(entry, start, length));
  return { start, length, tracks, stills: stillsOf(facts, start), marks, gaps: gapsOf(facts, length), steps: stepsOf(marks, length), plan: planOf(timeline) };
}

function tracksOf(facts: Facts, participant: string): Track[] {
  return facts.recordings
    .filter((recording) => recording.participant === participant)
    .map((recording) => ({ recording, start: recording.offset_ms, end: recording.offset_ms + recording.duration_ms }))
    .sort((a, b) => a.start - b.start);
}

function markOf(entry: Entry, start: number, length: number): Mark {
  const at = Date.parse(entry.at) - start;
  return { entry, at: Math.max(0, Math.min(length, at)), inCall: at >= -1000 && at <= length + 1000 };
}

function stillsOf(facts: Facts, start: number): Still[] {
  const turns = new Map<string, number>();
  return facts.captures.map((capture) => {
    const turn = (turns.get(capture.slot) ?? 0) + 1;
    turns.set(capture.slot, turn);
    const { slot, sha256, width, height, recording, frame } = capture;
    return { slot, sha256, width, height, recording, frame, turn, at: Math.max(0, Date.parse(capture.at) - start) };
  });
}

const leastGap = 200; // ms; shorter ones are no news on a line of minutes

function gapsOf(facts: Facts, length: number): Line['gaps'] {
  const within = facts.recordings.flatMap((recording) => recording.gaps.map((gap) => placed(gap, recording.participant, recording.offset_ms, length)));
  const between = facts.gaps.map((gap) => placed(gap, gap.participant ?? '', 0, length));
  return [...between, ...within].filter((gap) => gap.end - gap.start >= leastGap).sort((a, b) => a.start - b.start);
}

function placed(gap: Gap, side: string, offset: number, length: number) {
  return { side: gap.track ? `${side}.${gap.track}` : side, cause: gap.cause, start: Math.max(0, offset + gap.from_ms), end: Math.min(length, offset + gap.to_ms) };
}

function stepsOf(marks: Mark[], length: number): Line['steps'] {
  const begun = marks.filter(({ entry, inCall }) => inCall && entry.type === 'step');
  return begun.map((mark, i) => ({ step: String(mark.entry.body?.step ?? ''), start: mark.at, end: begun[i + 1]?.at ?? length }));
}

function planOf(timeline: readonly Entry[]): string[] {
  const steps = timeline.find((entry) => entry.type === 'plan')?.body?.steps;
  return Array.isArray(steps) ? steps.map((step: { code?: unknown }) => String(step.code ?? '')) : [];
}

/** lastBefore gives the last of a sorted list that is not after a time. */
export function lastBefore<T extends { at: number }>(list: readonly T[], at: number): T | undefined {
  return list.filter((each) => each.at <= at).at(-1);
}

/** clockTime writes a place on the line as "3:28" or, with hundredths, "3:28.16". */
export function clockTime(ms: number, hundredths = false): string {
  const most = Math.max(0, ms);
  const whole = Math.floor(most / 1000);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return hundredths ? `${minutes}:${rest}.${String(Math.floor((most % 1000) / 10)).padStart(2, '0')}` : `${minutes}:${rest}`;
}
