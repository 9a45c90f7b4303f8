/** The small picture beside the full one; the server knows it by this name. */
const lowLayer = 'q';

/** Bitrates in bit/s. */
const fullMost = 2_500_000;
const lowMost = 120_000;
const enough = 1_300_000; // of the own network, for both
const tooLittle = 1_000_000;

const interval = 1000; // ms between two looks
const patience = 3; // looks in a row until the small picture begins

/**
 * What is published: the full picture, and a quarter of its width and height that is off until the network bears both. Firefox
 * (seen with 153) answers a request for a key frame of the full picture with one of the small picture alone, so that recordings
 * and captures wait in vain: it publishes one.
 */
export function encodings(agent: string): RTCRtpEncodingParameters[] {
  if (/Firefox\//.test(agent)) return [{ maxBitrate: fullMost }];
  return [
    { rid: lowLayer, active: false, scaleResolutionDownBy: 4, maxBitrate: lowMost },
    { rid: 'f', active: true, scaleResolutionDownBy: 1, maxBitrate: fullMost },
  ];
}

/**
 * Whether to send the small picture, after one more look at the bitrate that the own network bears: below tooLittle the
 * browser would send nothing but it. Its pixels are a sixteenth, so any device that sends the full one can. Pure;
 * streak counts the good looks in a row.
 */
export function wanted(bitrate: number, on: boolean, streak: number): { on: boolean; streak: number } {
  if (bitrate < tooLittle) return { on: false, streak: 0 };
  if (on || bitrate < enough) return { on, streak: 0 };
  return streak + 1 >= patience ? { on: true, streak: 0 } : { on, streak: streak + 1 };
}

/** Layers turns the small picture of one sender on and off, until stop. */
export class Layers {
  private readonly timer: number;
  private on = false;
  private streak = 0;

  constructor(
    private readonly peer: RTCPeerConnection,
    private readonly sender: RTCRtpSender,
  ) {
    this.timer = window.setInterval(() => void this.look(), interval);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.peer.connectionState !== 'connected') return;
    const next = wanted(await measure(this.peer), this.on, this.streak);
    this.streak = next.streak;
    if (next.on === this.on) return;
    this.on = next.on;
    const parameters = this.sender.getParameters();
    const low = parameters.encodings.find((each) => each.rid === lowLayer);
    if (!low) return this.stop(); // a browser that publishes one picture
    low.active = next.on;
    await this.sender.setParameters(parameters).catch(() => (this.on = !next.on)); // the next look tries again
  }
}

async function measure(peer: RTCPeerConnection): Promise<number> {
  let bitrate = Infinity; // browsers that don't tell
  for (const each of (await peer.getStats()).values()) {
    if (each.type === 'candidate-pair' && each.nominated && each.availableOutgoingBitrate) bitrate = each.availableOutgoingBitrate;
  }
  return bitrate;
}
