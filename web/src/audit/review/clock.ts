import { signal } from '@preact/signals';

/** A recording's place on the room's time line, in milliseconds from its start. */
export interface Span {
  start: number;
  end: number;
}

/** covering gives the span that holds a time, the latest started of several. */
export function covering<S extends Span>(spans: readonly S[], at: number): S | undefined {
  let found: S | undefined;
  for (const span of spans) {
    if (span.start <= at && at < span.end && (!found || span.start > found.start)) found = span;
  }
  return found;
}

/** What the clock steers: the part of HTMLVideoElement that it needs. */
export interface Deck {
  currentTime: number;
  playbackRate: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
  readonly readyState: number;
  readonly error: unknown;
  play(): Promise<void>;
  pause(): void;
}

/** A deck and the time line's time of its first frame. */
export interface Loaded {
  deck: Deck;
  start: number;
}

// A viewer notices sound before picture from about 45 ms and after it from 125 ms
// on (ITU-R BT.1359); 80 ms between two pictures is two frames.
const tolerance = 80;
// Beyond this a nudge would take too long: seek.
const jump = 250;
// How much faster or slower a nudged deck runs; pitch is kept by the browser.
const nudge = 0.12;
const enough = 3; // HTMLMediaElement.HAVE_FUTURE_DATA

/**
 * Steer is what one deck should do so that it shows the time line's `at`.
 * Pure: the clock applies it.
 */
export function steer(loaded: Loaded, at: number, playing: boolean, rate: number): { seek?: number; rate: number } {
  const want = at - loaded.start;
  const drift = loaded.deck.currentTime * 1000 - want;
  if (!playing) return Math.abs(drift) > 1 ? { seek: want, rate } : { rate };
  // At a higher speed the same moment of the viewer's is more of the recording.
  const scale = Math.max(1, rate);
  if (Math.abs(drift) > jump * scale) return { seek: want, rate };
  if (Math.abs(drift) > tolerance * scale) return { rate: rate * (drift > 0 ? 1 - nudge : 1 + nudge) };
  // Once nudged, go on until the decks agree well, or they would swing at the edge.
  const nudged = Math.abs(loaded.deck.playbackRate - rate) > 0.001;
  return nudged && Math.abs(drift) > 15 * scale ? { rate: rate * (drift > 0 ? 1 - nudge : 1 + nudge) } : { rate };
}

/**
 * Clock is the one clock of a review. It runs by itself; the videos follow it.
 * While a deck that should play has nothing to show, the clock waits for it, so
 * that both sides stay in step on a slow line.
 */
export class Clock {
  /** Time line position, milliseconds. */
  readonly at = signal(0);
  readonly playing = signal(false);
  readonly rate = signal(1);
  /** True while a video is behind and the clock waits. */
  readonly waiting = signal(false);
  private decks = new Map<string, Loaded>();
  private frame = 0;
  private last = 0;

  constructor(readonly length: number) {}

  /** load puts a deck under the clock by the name of its participant. */
  load(name: string, loaded: Loaded | null): void {
    if (loaded) this.decks.set(name, loaded);
    else this.decks.delete(name);
    this.apply();
  }

  play(): void {
    if (this.playing.value) return;
    if (this.at.value >= this.length) this.at.value = 0;
    this.playing.value = true;
    this.last = performance.now();
    this.apply();
    this.frame = requestAnimationFrame(this.tick);
  }

  pause(): void {
    this.playing.value = false;
    this.waiting.value = false;
    cancelAnimationFrame(this.frame);
    this.apply();
  }

  toggle(): void {
    if (this.playing.value) this.pause();
    else this.play();
  }

  seek(at: number): void {
    this.at.value = Math.max(0, Math.min(this.length, at));
    this.apply(true);
  }

  setRate(rate: number): void {
    this.rate.value = rate;
    this.apply();
  }

  stop(): void {
    this.pause();
    this.decks.clear();
  }

  private tick = (now: number): void => {
    const passed = Math.min(250, now - this.last);
    this.last = now;
    const behind = [...this.decks.values()].some(({ deck }) => deck.error === null && !deck.ended && (deck.seeking || deck.readyState < enough));
    if (this.waiting.value !== behind) this.waiting.value = behind;
    if (!behind) this.at.value = Math.min(this.length, this.at.value + passed * this.rate.value);
    if (this.at.value >= this.length) {
      this.pause();
      return;
    }
    this.apply();
    this.frame = requestAnimationFrame(this.tick);
  };

  /** settle is for a deck that finished loading or seeking: it may be needed elsewhere by now. */
  settle(): void {
    this.apply();
  }

  // A play() that a pause() overtook rejects with AbortError, which is as it should be.
  private refused = (cause: unknown): void => {
    if (cause instanceof DOMException && cause.name === 'NotAllowedError') this.pause();
  };

  private apply(hard = false): void {
    const running = this.playing.value && !this.waiting.value;
    for (const loaded of this.decks.values()) {
      const { deck } = loaded;
      if (deck.readyState === 0) continue;
      const order = steer(loaded, this.at.value, running && !hard, this.rate.value);
      if (order.seek !== undefined && !deck.seeking) deck.currentTime = Math.max(0, order.seek) / 1000;
      if (deck.playbackRate !== order.rate) deck.playbackRate = order.rate;
      if (running && deck.paused) deck.play().catch(this.refused);
      if (!running && !deck.paused) deck.pause();
    }
  }
}
