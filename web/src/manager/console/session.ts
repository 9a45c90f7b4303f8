import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { CaptureView, ClientMessages, State, TrackHealth, TrackStatus } from '../../protocol';
import { CameraError, openCamera, type CameraFault } from '../../shared/camera';
import { language } from '../../shared/i18n';
import { CallMedia } from '../../shared/rtc';
import { CallSocket, ServerError } from '../../shared/socket';

/** Version of the notice that a manager answers; it changes with the words. */
export const noticeVersion = '2026-11';

/** What can be under way or refused: a message, or a capture of another kind than a still. */
export type Request = keyof ClientMessages | 'clip' | 'photo';

/** States in which the manager's camera is of use. */
const before = ['invited', 'booked', 'waiting', 'live', 'interrupted'];

/**
 * Session is one manager in one room: the socket, the media and the own camera,
 * and what only the screen knows of the call. Its maker closes it.
 */
export class Session {
  readonly socket: CallSocket;
  readonly media: CallMedia;
  /** The own camera's stream, or null while it is closed. */
  readonly own = signal<MediaStream | null>(null);
  readonly cameraFault = signal<CameraFault | ''>('');
  /** The recorder's light; empty while nothing is recorded. */
  readonly tracks = signal<TrackStatus[]>([]);
  /** The published tracks as the server receives them; empty while there is no call. */
  readonly health = signal<TrackHealth[]>([]);
  /** Why the last request of a kind was refused; '' after it went well. */
  readonly refusals = signal<Partial<Record<Request, string>>>({});
  /** What a small window shows below the video: it has no room for both. */
  readonly lower = signal<'health' | 'chat'>('health');
  /** Requests that wait for their answer. */
  readonly busy = signal<Partial<Record<Request, boolean>>>({});

  private opening = false;
  private closed = false;
  private readonly wanted: ReadonlySignal<boolean>;
  private readonly stops: (() => void)[] = [];

  constructor(readonly room: string) {
    this.socket = new CallSocket(`/ws/manager?room=${encodeURIComponent(room)}`, {
      recorder: (light) => (this.tracks.value = light.tracks),
      health: (health) => (this.health.value = health.tracks),
      reoffer: () => this.media.restart(),
    });
    this.media = new CallMedia(this.socket);
    this.wanted = computed(() => {
      const state = this.socket.state.value;
      const here = !['replaced', 'closed'].includes(this.socket.status.value);
      return here && !!state && state.you.notice === 'agreed' && before.includes(state.room.state);
    });
    this.stops.push(
      effect(() => (this.wanted.value ? void this.openOwn() : this.closeOwn())),
      effect(() => {
        if (this.socket.state.value?.room.state !== 'live') this.tracks.value = this.health.value = [];
      }),
    );
  }

  get state(): State | null {
    return this.socket.state.value;
  }

  /** ask sends a request, marks its kind busy meanwhile and keeps why it was refused; true when it was done. */
  async ask<T extends keyof ClientMessages>(type: T, fields: ClientMessages[T], kind: Request = type): Promise<boolean> {
    if (this.busy.peek()[kind]) return false;
    this.busy.value = { ...this.busy.peek(), [kind]: true };
    let why = '';
    try {
      await this.socket.request(type, fields);
    } catch (cause) {
      why = cause instanceof ServerError ? cause.message : String(cause);
    }
    this.busy.value = { ...this.busy.peek(), [kind]: false };
    this.refusals.value = { ...this.refusals.peek(), [kind]: why };
    return !why;
  }

  /** forgive takes a refusal off the screen. */
  forgive(type: Request): void {
    this.refusals.value = { ...this.refusals.peek(), [type]: '' };
  }

  agree(): Promise<boolean> {
    return this.ask('notice', { version: noticeVersion, language, agree: true });
  }

  toggleMute(kind: 'audio' | 'video'): void {
    if (!this.own.peek()) return;
    const off = kind === 'audio' ? this.media.audioOff : this.media.videoOff;
    this.media.setMuted(kind, !off.peek());
  }

  /** openOwn opens the camera and publishes it. */
  async openOwn(): Promise<void> {
    if (this.opening || this.own.peek()) return;
    this.opening = true;
    this.cameraFault.value = '';
    try {
      const stream = await openCamera();
      if (this.closed || !this.wanted.peek()) return stop(stream); // the browser's question may stand for long
      this.own.value = stream;
      await this.media.start(stream);
    } catch (cause) {
      if (cause instanceof CameraError) this.cameraFault.value = cause.fault;
      else throw cause;
    } finally {
      this.opening = false;
    }
  }

  /** close ends everything; the session can't be used again. */
  close(): void {
    this.closed = true;
    for (const stop of this.stops) stop();
    this.closeOwn();
    this.socket.close();
  }

  private closeOwn(): void {
    this.media.stop();
    stop(this.own.peek());
    this.own.value = null;
  }
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** latest gives the newest capture of one of the slots, or undefined. */
export function latest(captures: readonly CaptureView[], ...slots: string[]): CaptureView | undefined {
  return captures.filter((capture) => slots.includes(capture.slot)).at(-1);
}

/** ordinal counts a capture within all of the call, from 1. */
export function ordinal(captures: readonly CaptureView[], capture: CaptureView): number {
  return captures.indexOf(capture) + 1;
}
