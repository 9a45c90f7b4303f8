import { effect, signal, type Signal } from '@preact/signals';
import { encodings, Layers } from './layers';
import { withOpusNack } from './sdp';
import { watchQuality } from './quality';
import { ServerError, type CallSocket } from './socket';

/** Where the media stand. */
export type MediaStatus = 'off' | 'connecting' | 'connected' | 'lost';

const patience = 3000; // ms that a restart of ICE may take before all begins anew
const doubtAfter = 600; // ms that the server may take to answer when media don't come any more
const retryAfter = 1000; // ms until the next offer after a refused or lost one

/**
 * CallMedia holds the one PeerConnection of a page: it always offers, one track of each kind both ways. When the network
 * changes or nothing comes any more it restarts ICE; it begins anew on a new PeerConnection when that doesn't help, when
 * the server asks for it, and when the server has no transport any more. The media outlive a lost socket.
 */
export class CallMedia {
  /** What the other side sends; a new MediaStream whenever its tracks change. */
  readonly remote: Signal<MediaStream> = signal(new MediaStream());
  readonly status: Signal<MediaStatus> = signal<MediaStatus>('off');
  readonly audioOff: Signal<boolean> = signal(false);
  readonly videoOff: Signal<boolean> = signal(false);
  /** Why the server refused the media for good, for example "no_vp8". */
  readonly fault: Signal<ServerError | null> = signal<ServerError | null>(null);

  private peer: RTCPeerConnection | null = null;
  private stream: MediaStream | null = null;
  private timer = 0; // of the next try
  private healing = false;
  private unhealed = false; // the socket was lost before the server had answered a restart
  private unwatch: () => void = () => {};
  private layers: Layers | null = null;

  /** layered: publish a small picture beside the full one, while the own network bears both. */
  constructor(
    private readonly socket: CallSocket,
    private readonly layered = false,
  ) {}

  /** Publishes the stream's tracks and receives the other side's, from now until stop. */
  async start(stream: MediaStream): Promise<void> {
    this.stream = stream;
    this.unwatch();
    const figures = watchQuality({
      stats: () => this.stats(),
      report: (quality) => this.socket.send('quality', quality),
      silent: () => void this.heal(),
    });
    const watched = [this.watchSocket(), this.watchNetwork(), figures];
    this.unwatch = () => watched.forEach((stop) => stop());
    await this.connect();
  }

  /** Restarts ICE: the network has changed, or brings nothing any more. What the other side gets goes on where it was. */
  readonly heal = async (): Promise<void> => {
    const peer = this.peer;
    if (!peer || this.healing || !peer.remoteDescription || this.socket.status.peek() !== 'open') return;
    this.healing = true;
    this.unhealed = false;
    this.later(patience);
    this.socket.doubt(doubtAfter); // it goes the same way as the media, and dies silently
    try {
      peer.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: this.relays() });
      peer.restartIce();
      await peer.setLocalDescription();
      const answer = await this.socket.request('offer', { sdp: peer.localDescription!.sdp, restart: true });
      if (this.peer === peer) await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    } catch {
      if (this.peer !== peer) return;
      if (this.socket.status.peek() !== 'open') this.unhealed = true;
      else this.restart(); // the server has no such transport, or not any more
    } finally {
      this.healing = false;
    }
  };

  /** Begins anew on a new PeerConnection; for the server's "reoffer". */
  readonly restart = (): void => {
    if (this.stream) void this.connect();
  };

  /** Turns the own microphone or camera off or on, here and on the other side's page. */
  setMuted(kind: 'audio' | 'video', off: boolean): void {
    (kind === 'audio' ? this.audioOff : this.videoOff).value = off;
    this.dress();
    this.socket.send('mute', { kind, off });
  }

  /** Sends another camera's picture without a new negotiation. */
  async replaceVideo(track: MediaStreamTrack): Promise<void> {
    const stream = this.stream;
    if (!stream) return;
    for (const old of stream.getVideoTracks()) {
      stream.removeTrack(old);
      old.stop();
    }
    stream.addTrack(track);
    this.dress();
    const sender = this.peer?.getTransceivers().find((each) => each.receiver.track.kind === 'video')?.sender;
    await sender?.replaceTrack(track);
  }

  /** Figures of the PeerConnection, as WebRTC's getStats gives them. */
  stats(): Promise<RTCStatsReport> | null {
    return this.peer?.getStats() ?? null;
  }

  /** Ends the PeerConnection; the own tracks stay open, they are their opener's. */
  stop(): void {
    this.unwatch();
    this.unwatch = () => {};
    this.stream = null;
    this.drop();
    this.status.value = 'off';
  }

  private dress(): void {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !this.audioOff.peek();
    for (const track of this.stream?.getVideoTracks() ?? []) track.enabled = !this.videoOff.peek();
  }

  /** After the socket came back: say again what is muted, and begin anew if the server lost the transport. */
  private watchSocket(): () => void {
    let away = false;
    return effect(() => {
      const open = this.socket.status.value === 'open';
      const state = this.socket.state.peek();
      if (!open) {
        away = true;
      } else if (away) {
        away = false;
        this.sayMuted();
        if (!this.peer) this.restart();
        else if (this.unhealed || !state?.you.media || this.peer.connectionState !== 'connected') void this.heal();
      }
    });
  }

  /** Tells of a changed network before the transport does; gives what takes that back. */
  private watchNetwork(): () => void {
    const heal = (): void => void this.heal();
    const connection = (navigator as Navigator & { connection?: EventTarget }).connection;
    addEventListener('online', heal);
    connection?.addEventListener('change', heal);
    return () => {
      removeEventListener('online', heal);
      connection?.removeEventListener('change', heal);
    };
  }

  /** The server's TURN relay, for networks that pass nothing but TLS. */
  private relays(): RTCIceServer[] {
    const relay = this.socket.state.peek()?.relay;
    return relay ? [relay] : [];
  }

  private sayMuted(): void {
    if (this.audioOff.peek()) this.socket.send('mute', { kind: 'audio', off: true });
    if (this.videoOff.peek()) this.socket.send('mute', { kind: 'video', off: true });
  }

  private async connect(): Promise<void> {
    this.drop();
    const stream = this.stream;
    if (!stream || this.socket.status.peek() !== 'open') return;
    this.status.value = 'connecting';
    this.fault.value = null;
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: this.relays() });
    this.peer = peer;
    try {
      this.listen(peer);
      await this.negotiate(peer, stream);
    } catch (cause) {
      if (this.peer !== peer) return; // a newer one has taken over
      this.drop();
      this.status.value = 'lost';
      if (!(cause instanceof ServerError) || cause.retryable) this.later(retryAfter);
      else this.fault.value = cause;
    }
  }

  private async negotiate(peer: RTCPeerConnection, stream: MediaStream): Promise<void> {
    const options: RTCRtpTransceiverInit = { direction: 'sendrecv', streams: [stream] };
    peer.addTransceiver(stream.getAudioTracks()[0] ?? 'audio', options);
    if (this.layered) options.sendEncodings = encodings(navigator.userAgent);
    const video = peer.addTransceiver(stream.getVideoTracks()[0] ?? 'video', options).sender;
    await keepResolution(video);
    if (this.layered) this.layers = new Layers(peer, video);
    this.dress();
    await peer.setLocalDescription();
    const answer = await this.socket.request('offer', { sdp: withOpusNack(peer.localDescription!.sdp) });
    if (this.peer === peer) await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
  }

  private listen(peer: RTCPeerConnection): void {
    const tracks: MediaStreamTrack[] = [];
    peer.ontrack = (event) => {
      tracks.push(event.track);
      this.remote.value = new MediaStream(tracks);
    };
    peer.onconnectionstatechange = () => {
      if (this.peer !== peer) return;
      switch (peer.connectionState) {
        case 'connected':
          clearTimeout(this.timer);
          this.status.value = 'connected';
          break;
        case 'disconnected':
          this.status.value = 'lost';
          this.later(patience);
          void this.heal();
          break;
        case 'failed':
          this.status.value = 'lost';
          this.restart();
          break;
      }
    };
  }

  /** Begins anew after a time, unless the media flow again by then. */
  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.peer?.connectionState !== 'connected') this.restart();
    }, ms);
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.layers?.stop();
    this.layers = null;
    const peer = this.peer;
    this.peer = null;
    if (!peer) return;
    peer.ontrack = null;
    peer.onconnectionstatechange = null;
    peer.close();
  }
}

/** Fewer frames rather than fewer pixels; set before negotiation, so that the first key frame already has them all. */
async function keepResolution(sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: string };
  parameters.degradationPreference = 'maintain-resolution';
  await sender.setParameters(parameters).catch(() => undefined); // a browser without it keeps its own way
}
