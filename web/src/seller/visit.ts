import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Do, Photo, State } from '../protocol';
import { CameraError, openCamera, openVideo, type CameraWish } from '../shared/camera';
import { language } from '../shared/i18n';
import { ofBrowser } from '../shared/kept';
import { CallMedia } from '../shared/rtc';
import { CallSocket } from '../shared/socket';
import { serverNow } from '../shared/times';
import { abilitiesOf, light, magnify, type Abilities } from './abilities';
import { keepHistory } from './history';
import { LensChoice } from './lens-choice';
import { digest, takePhoto, upload, wayOf } from './photo';
import type { Progress } from './progress';
import { viewOf, type View } from './view';
import { watchCamera } from './watchdog';

/** Version of the notice that consent.tsx shows; it goes into the ledger with the answer. */
export const noticeVersion = '2026-11';

const slowStart = 3000; // ms that a camera just opened may take to its first picture
const before = ['invited', 'booked'];
const inCall = ['waiting', 'live', 'interrupted'];
const rehearsal: Progress[] = ['check', 'consent'];

/**
 * Visit is one seller's page on an open link: the socket, the media, the own camera, and how far the person has gone.
 * The camera is open from the test until the call is over, and at no other time.
 */
export class Visit {
  readonly socket = new CallSocket('/ws/seller', { reoffer: () => this.media.restart(), photo: (asked) => void this.photograph(asked), do: (asked) => void this.obey(asked) });
  readonly media = new CallMedia(this.socket, true);
  readonly progress: Signal<Progress> = signal<Progress>('welcome');
  readonly stream: Signal<MediaStream | null> = signal<MediaStream | null>(null);
  readonly cameraFault: Signal<CameraError | null> = signal<CameraError | null>(null);
  readonly opening: Signal<boolean> = signal(false);
  readonly lenses: LensChoice = new LensChoice();
  /** What the open camera can do and does. */
  readonly abilities: Signal<Abilities> = signal(abilitiesOf(undefined));
  /** What the account manager had the phone do last; the page says it. */
  readonly done: Signal<'' | 'flip' | 'lightOn' | 'lightOff' | 'zoom'> = signal<'' | 'flip' | 'lightOn' | 'lightOff' | 'zoom'>('');
  /** When the socket was lost by the server's clock, ms since the epoch; 0 while it is there. */
  readonly lostAt: Signal<number> = signal(0);
  /** A photo of the sensor is being taken or sent. */
  readonly photo: Signal<'' | 'taking' | 'sending'> = signal<'' | 'taking' | 'sending'>('');
  readonly view: ReadonlySignal<View> = computed(() =>
    viewOf({
      status: this.socket.status.value,
      fault: this.socket.fault.value,
      replacedBy: this.socket.replacedBy.value,
      state: this.socket.state.value,
      media: this.media.status.value,
      progress: this.progress.value,
      camera: this.stream.value !== null,
    }),
  );

  /** The browser's back button was pressed in the call. */
  readonly asksLeave: Signal<boolean> = signal(false);

  constructor() {
    keepHistory(this.progress, computed(() => ['call', 'lost'].includes(this.view.value.screen)), () => (this.asksLeave.value = true));
    effect(() => {
      const lost = this.socket.status.value === 'lost';
      if (lost !== this.lostAt.peek() > 0) this.lostAt.value = lost ? serverNow() : 0;
    });
    effect(() => this.follow(this.socket.state.value));
    effect(() => {
      this.abilities.value = abilitiesOf(this.stream.value?.getVideoTracks()[0]);
    });
    effect(() => this.tellDevice(this.stream.value, this.socket.status.value === 'open' && this.socket.state.value !== null));
    watchCamera({
      frames: () => this.framesTaken(),
      wanted: () => this.stream.peek() !== null && this.media.status.peek() === 'connected' && !this.media.videoOff.peek() && !this.photo.peek() && !this.flipping && Date.now() - this.changedAt > slowStart && !document.hidden,
      again: () => this.revive(),
    });
  }

  /** Opens camera and microphone; what goes wrong is in cameraFault. */
  async openCamera(): Promise<void> {
    if (this.opening.peek()) return;
    this.opening.value = true;
    try {
      const wish = this.lenses.wish();
      const stream = await openCamera(wish);
      if (!this.wantsCamera()) return stop(stream); // the person went back meanwhile
      batch(() => {
        this.cameraFault.value = null;
        this.stream.value = stream;
      });
      for (const track of stream.getVideoTracks()) track.addEventListener('ended', () => this.cameraEnded(track));
      void this.lenses.opened(stream.getVideoTracks()[0], wish);
    } catch (cause) {
      this.cameraFault.value = cause instanceof CameraError ? cause : new CameraError('busy', 'both', { cause });
    } finally {
      this.opening.value = false;
    }
  }

  /** Lets go of camera and microphone. */
  closeCamera(): void {
    stop(this.stream.peek());
    this.stream.value = null;
  }

  /** Changes between the cameras of the two sides of a phone; a second tap meanwhile does nothing, one while a frozen camera is opened anew comes after it. */
  async flip(): Promise<void> {
    if (this.reviving) this.nextLens = this.lenses.other();
    else await this.reopenVideo(this.lenses.other());
  }

  /** Opens the same camera anew. */
  private async revive(): Promise<void> {
    this.reviving = true;
    await this.reopenVideo(this.lenses.wish()).finally(() => (this.reviving = false));
  }

  /** Changes to a lens of the list; of those chosen while one is being opened the last comes next. */
  async useLens(id: string): Promise<void> {
    const wish = this.lenses.pick(id);
    if (!wish) return;
    this.lenses.opening(wish);
    if (this.flipping) this.nextLens = wish;
    else await this.reopenVideo(wish);
  }

  private flipping = false;
  private reviving = false;
  private nextLens: CameraWish | undefined;
  private changedAt = 0; // ms since the epoch

  /** Opens another camera instead of the open one, or the one before where that fails; the connection stays. */
  private async reopenVideo(to: CameraWish): Promise<void> {
    const stream = this.stream.peek();
    if (!stream || this.flipping) return;
    this.flipping = true;
    const { facing } = this.lenses.wish();
    const before = { facing, lens: stream.getVideoTracks()[0]?.getSettings().deviceId };
    try {
      this.lenses.opening(to);
      for (const track of stream.getVideoTracks()) track.stop(); // many phones open one camera at a time
      const track = await openVideo(to)
        .catch(() => {
          if (to.lens !== before.lens) this.lenses.failed(to);
          return openVideo(before);
        })
        .catch(() => openVideo({ facing }));
      track.addEventListener('ended', () => this.cameraEnded(track));
      if (this.media.status.peek() === 'off') {
        for (const old of stream.getVideoTracks()) stream.removeTrack(old);
        stream.addTrack(track);
      } else {
        await this.media.replaceVideo(track);
      }
      this.stream.value = new MediaStream(stream.getTracks());
      this.changedAt = Date.now();
      await this.lenses.opened(track, to);
    } catch (cause) {
      this.cameraFault.value = cause instanceof CameraError ? cause : new CameraError('busy', 'camera', { cause });
      this.media.stop();
      this.closeCamera();
    } finally {
      this.flipping = false;
      const next = this.nextLens;
      this.nextLens = undefined;
      if (next) void this.reopenVideo(next);
    }
  }

  /** Switches the phone's lamp, where it has one. */
  async setLight(on: boolean): Promise<void> {
    const track = this.stream.peek()?.getVideoTracks()[0];
    if (!track || !this.abilities.peek().torch) return;
    const lit = await light(track, on).catch(() => false);
    this.abilities.value = { ...abilitiesOf(track), lit };
  }

  /** Magnifies the picture, 1 is the widest view. */
  async setZoom(times: number): Promise<void> {
    const track = this.stream.peek()?.getVideoTracks()[0];
    if (!track) return;
    await magnify(track, times).catch(() => undefined);
    this.abilities.value = { ...abilitiesOf(track), lit: this.abilities.peek().lit };
  }

  /** Does what the account manager asks of the phone. */
  private async obey({ act, on, zoom }: Do): Promise<void> {
    if (act === 'flip') await this.flip();
    else if (act === 'torch') await this.setLight(on === true);
    else if (act === 'zoom') await this.setZoom(zoom ?? 1);
    this.done.value = act === 'torch' ? (on ? 'lightOn' : 'lightOff') : act === 'flip' ? 'flip' : 'zoom';
    clearTimeout(this.doneTimer);
    this.doneTimer = window.setTimeout(() => (this.done.value = ''), 4000);
  }

  private doneTimer = 0;

  /** Frames that the camera has given to the sender. */
  private async framesTaken(): Promise<number | undefined> {
    const report = await this.media.stats();
    for (const entry of (report?.values() ?? []) as Iterable<Record<string, unknown>>) {
      if (entry['type'] === 'media-source' && entry['kind'] === 'video' && typeof entry['frames'] === 'number') return entry['frames'];
    }
    return undefined;
  }

  /** The camera and the sound were found to work, on this device. */
  rehearsed(): boolean {
    return ofBrowser.read(this.place()) === 'yes';
  }

  /** Keeps that the test went well, for the status page. */
  keepRehearsed(): void {
    ofBrowser.write(this.place(), 'yes');
  }

  private place(): string {
    return `verifycall.rehearsed.${this.socket.state.peek()?.room.id ?? ''}`;
  }

  /** Answers the notice; throws ServerError. */
  async answerNotice(agree: boolean): Promise<void> {
    await this.socket.request('notice', { version: noticeVersion, language, agree });
    if (!agree) this.closeCamera();
  }

  /** Takes the consent back; throws ServerError. */
  withdraw(): Promise<void> {
    return this.socket.request('withdraw', {});
  }

  /** Leaves the waiting room, or ends the call; throws ServerError. */
  async leave(): Promise<void> {
    await this.socket.request('end', {});
    this.progress.value = 'welcome';
  }

  /** Whether the camera may be open: in the test and the notice after it, from waiting to the end of the call, and not once another tab has it. */
  private wantsCamera(): boolean {
    const status = this.socket.status.value;
    const state = this.socket.state.value;
    if (status === 'replaced' || status === 'closed') return false;
    if (!state) return true; // nobody knows yet
    if (inCall.includes(state.room.state)) return state.you.notice !== '';
    return before.includes(state.room.state) && rehearsal.includes(this.progress.value);
  }

  /** Camera and media follow the room. */
  private follow(state: State | null): void {
    const stream = this.stream.value;
    const off = this.media.status.peek() === 'off';
    if (!this.wantsCamera()) {
      this.media.stop();
      this.closeCamera();
    } else if (state && inCall.includes(state.room.state)) {
      if (stream && off) void this.media.start(stream);
      else if (!stream && !this.cameraFault.peek()) void this.openCamera();
    } else if (state?.room.state === 'booked') {
      if (!stream && !this.cameraFault.peek() && this.progress.value === 'check') void this.openCamera(); // a reload comes back here
      if (stream && off) void this.media.start(stream); // measured through the real server, kept by nobody
    }
  }

  /** Tells the server what this device can do and does, after each change and each reconnection. */
  private tellDevice(stream: MediaStream | null, open: boolean): void {
    const { torch, zoom, lit, zoomed, facing } = this.abilities.value;
    if (open) this.socket.send('device', { photo: wayOf(stream?.getVideoTracks()[0]) !== '', flip: this.lenses.flips.value, torch, zoom, lit, zoomed, facing });
  }

  /** Takes the photo that was asked for, announces its digest, and only then sends it. */
  private async photograph(asked: Photo): Promise<void> {
    const track = this.stream.peek()?.getVideoTracks()[0];
    try {
      if (!track) throw new Error('no camera');
      this.photo.value = 'taking';
      const bytes = await (await takePhoto(track)).arrayBuffer();
      await this.socket.request('photo_announce', { nonce: asked.nonce, sha256: await digest(bytes), size: bytes.byteLength });
      this.photo.value = 'sending';
      await upload(asked, bytes);
    } catch {
      this.socket.send('photo_failed', { nonce: asked.nonce }); // the account manager reads why, and may ask again
    } finally {
      this.photo.value = '';
    }
  }

  private cameraEnded(track: MediaStreamTrack): void {
    if (!this.stream.peek()?.getTracks().includes(track)) return;
    this.media.stop();
    this.closeCamera();
    this.cameraFault.value = new CameraError('busy', 'camera');
  }
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
