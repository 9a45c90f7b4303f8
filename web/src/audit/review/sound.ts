import type { Track } from './line';

/** The loudest of each stretch of a line, 0 to 1. */
export interface Peaks {
  seller: Float32Array;
  manager: Float32Array;
}

const rate = 8000; // Hz, enough for an outline; the browser resamples while it decodes
const mostBytes = 256 << 20; // of one recording

/**
 * soundOf decodes the sound of recordings and gives its outline in some
 * stretches of a line. A recording without sound, or that can't be decoded,
 * stays flat.
 */
export async function soundOf(tracks: Record<'seller' | 'manager', Track[]>, length: number, stretches: number, address: (file: string) => string, signal: AbortSignal): Promise<Peaks> {
  const peaks: Peaks = { seller: new Float32Array(stretches), manager: new Float32Array(stretches) };
  for (const side of ['seller', 'manager'] as const) {
    for (const track of tracks[side]) {
      const { recording } = track;
      if (!recording.tracks.some((each) => each.kind === 'audio') || recording.tracks.reduce((sum, each) => sum + each.bytes, 0) > mostBytes) continue;
      try {
        const answer = await fetch(address(recording.file), { credentials: 'same-origin', signal });
        if (!answer.ok) continue;
        const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await answer.arrayBuffer());
        outline(sound.getChannelData(0), sound.sampleRate, track.start, length, peaks[side]);
      } catch (cause) {
        if (signal.aborted) throw cause;
      }
    }
  }
  return peaks;
}

/** outline puts the peaks of samples that begin at start (ms) into the stretches of a line of length (ms). Pure. */
export function outline(samples: Float32Array, hertz: number, start: number, length: number, into: Float32Array): void {
  const perSample = 1000 / hertz;
  for (let i = 0; i < samples.length; i++) {
    const at = Math.floor(((start + i * perSample) / length) * into.length);
    if (at < 0 || at >= into.length) continue;
    const loud = Math.abs(samples[i]!);
    if (loud > into[at]!) into[at] = loud;
  }
}
