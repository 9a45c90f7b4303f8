import type { Device } from '../protocol';

// What the Image Capture draft adds to a track, which TypeScript's own declarations lack.
type Capabilities = MediaTrackCapabilities & { torch?: boolean | boolean[]; zoom?: { min: number; max: number } };
type Settings = MediaTrackSettings & { torch?: boolean; zoom?: number };

/** What the open camera can do beside giving pictures, and does. Magnification counts from the widest view. */
export type Abilities = Required<Pick<Device, 'torch' | 'zoom' | 'lit' | 'zoomed'>> & { facing: string };

/** abilitiesOf asks a track; browsers that don't tell can do nothing. */
export function abilitiesOf(track: MediaStreamTrack | undefined): Abilities {
  const none = { torch: false, zoom: 0, lit: false, zoomed: 1, facing: '' };
  if (!track || track.readyState !== 'live') return none;
  const can: Capabilities = track.getCapabilities?.() ?? {};
  const now: Settings = track.getSettings?.() ?? {};
  const widest = can.zoom?.min || 1;
  const zoom = can.zoom ? Math.min(100, can.zoom.max / widest) : 0;
  return {
    torch: Array.isArray(can.torch) ? can.torch.includes(true) : can.torch === true,
    zoom: zoom > 1 ? round(zoom) : 0,
    lit: now.torch === true,
    zoomed: zoom > 1 ? round(Math.min(100, (now.zoom ?? widest) / widest)) : 1,
    facing: now.facingMode === 'user' || now.facingMode === 'environment' ? now.facingMode : '',
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

/** light switches the camera's lamp; gives whether it is on then. */
export async function light(track: MediaStreamTrack, on: boolean): Promise<boolean> {
  await track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
  return ((track.getSettings() as Settings).torch ?? on) === true;
}

/** magnify zooms, 1 is the widest view. */
export async function magnify(track: MediaStreamTrack, times: number): Promise<void> {
  const range = (track.getCapabilities?.() as Capabilities | undefined)?.zoom;
  if (!range) return;
  const zoom = Math.min(range.max, Math.max(range.min, times * (range.min || 1)));
  await track.applyConstraints({ advanced: [{ zoom } as MediaTrackConstraintSet] });
}
