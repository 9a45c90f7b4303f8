import { computed, effect, signal } from '@preact/signals';
import { fileURL, frames, type Decision, type Frame, type Mark, type Review } from '../api';
import { Clock, covering } from './clock';
import { lastBefore, lineOf, type Line, type Still } from './line';
import { networkOf, type Network } from './quality';

export type Side = 'seller' | 'manager';
export type Sound = 'both' | Side | 'none';

/**
 * Desk is one review: the time line, its clock, and what is chosen. Its maker
 * closes it.
 */
export class Desk {
  readonly line: Line;
  readonly clock: Clock;
  readonly sound = signal<Sound>('both');
  /** False until the reader plays or seeks; no recording is fetched, and no play logged, before. */
  readonly begun = signal(false);
  /** Frame indexes by recording, as they come. */
  readonly frames = signal<Map<string, Frame[]>>(new Map());
  readonly chosen = signal(0); // index of the still
  /** What the auditor sees the same or not, by step. */
  readonly checks = signal<Record<string, Mark>>({});
  /** The decision as far as it is written. */
  readonly draft = signal<{ decision?: Decision; reasons: string[]; note: string }>({ reasons: [], note: '' });
  /** The seller's network over the call, once it is read. */
  readonly network = signal<Network[]>([]);

  private readonly stop = new AbortController();
  private readonly unwatch: () => void;

  constructor(readonly review: Review) {
    this.line = lineOf(review);
    this.clock = new Clock(this.line.length);
    for (const track of this.line.tracks.seller) void this.loadFrames(track.recording.id);
    void this.loadNetwork();
    this.unwatch = effect(() => {
      if (this.clock.playing.value || this.clock.at.value > 0) this.begun.value = true;
    });
  }

  /** The recordings of both sides at the clock's time. */
  readonly tracks = computed(() => ({
    seller: covering(this.line.tracks.seller, this.clock.at.value),
    manager: covering(this.line.tracks.manager, this.clock.at.value),
  }));

  /** The seller's frame on the screen, once its index is there. */
  readonly frame = computed((): Frame | undefined => {
    const track = this.tracks.value.seller;
    const list = track && this.frames.value.get(track.recording.id);
    return list && lastAt(list, this.clock.at.value - track.start + 1);
  });

  /** The still whose time is nearest before the clock's, while it was not chosen by hand. */
  get still(): Still | undefined {
    return this.line.stills[this.chosen.value];
  }

  /** show chooses a still and goes to its very frame. */
  show(index: number): void {
    const still = this.line.stills[index];
    if (!still) return;
    this.chosen.value = index;
    this.clock.pause();
    this.clock.seek(this.timeOf(still));
  }

  /** timeOf gives a still's place: by its frame's own time where the index is there, else by when it was taken. */
  timeOf(still: Still): number {
    return this.placeOf(still.recording, still.frame, still.at);
  }

  /** placeOf gives the place of a recording's frame, or another where its index isn't there. */
  placeOf(recording: string, n: number, other: number): number {
    const track = [...this.line.tracks.seller, ...this.line.tracks.manager].find((each) => each.recording.id === recording);
    const frame = this.frames.value.get(recording)?.find((each) => each.n === n);
    return track && frame ? track.start + frame.ms : other;
  }

  /** goTo shows the very frame of a recording. */
  goTo(recording: string, n: number, other: number): void {
    this.clock.pause();
    this.clock.seek(this.placeOf(recording, n, other));
  }

  /** step goes one frame of the seller's picture back or on. */
  step(direction: 1 | -1): void {
    this.clock.pause();
    const at = this.clock.at.peek();
    const track = this.tracks.peek().seller;
    const list = track && this.frames.peek().get(track.recording.id);
    const times = list?.map((frame) => track!.start + frame.ms) ?? [];
    const next = direction > 0 ? times.find((time) => time > at + 1) : times.filter((time) => time < at - 1).at(-1);
    this.clock.seek(next ?? at + direction * 40);
  }

  /** choose picks a decision, while it can be made. */
  choose(decision: Decision): void {
    if (this.review.review.open) this.draft.value = { ...this.draft.peek(), decision };
  }

  /** goOnFrom takes over where another desk of the same room stood. */
  goOnFrom(before: Desk): void {
    this.chosen.value = before.chosen.peek();
    this.clock.seek(before.clock.at.peek());
    this.clock.setRate(before.clock.rate.peek());
    this.sound.value = before.sound.peek();
  }

  skip(ms: number): void {
    this.clock.seek(this.clock.at.peek() + ms);
  }

  /** nextMark goes to the next entry of the ledger. */
  nextMark(): void {
    const at = this.clock.at.peek();
    const next = this.line.marks.find((mark) => mark.inCall && mark.at > at + 50);
    if (next) this.clock.seek(next.at);
  }

  nextStill(direction: 1 | -1): void {
    this.show(Math.max(0, Math.min(this.line.stills.length - 1, this.chosen.peek() + direction)));
  }

  /** The last entry at the clock's time. */
  readonly mark = computed(() => lastBefore(this.line.marks.filter((mark) => mark.inCall), this.clock.at.value + 1));

  close(): void {
    this.stop.abort();
    this.unwatch();
    this.clock.stop();
  }

  /** The figures of the seller's network at the clock's time. */
  readonly networkNow = computed(() => this.network.value.find((each) => each.start <= this.clock.at.value && this.clock.at.value < each.end));

  private async loadNetwork(): Promise<void> {
    try {
      const answer = await fetch(fileURL(this.review.room.id, 'quality.jsonl'), { credentials: 'same-origin', signal: this.stop.signal });
      if (answer.ok) this.network.value = networkOf(await answer.text(), this.line.start, this.line.length);
    } catch {
      // The lane stays empty; older records have no figures.
    }
  }

  private async loadFrames(id: string): Promise<void> {
    const recording = this.review.facts.recordings.find((each) => each.id === id)!;
    try {
      const list = await frames(this.review.room.id, recording, this.stop.signal);
      this.frames.value = new Map(this.frames.peek()).set(id, list);
    } catch {
      // Without an index the review goes by the ledger's times; verify says what is wrong with the file.
    }
  }
}

/** lastAt finds the last frame of a sorted list at or before a time. */
function lastAt(list: Frame[], ms: number): Frame | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.ms <= ms) low = middle + 1;
    else high = middle;
  }
  return list[low - 1];
}
