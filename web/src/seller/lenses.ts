import type { CameraWish } from '../shared/camera';

/** A side of a phone, '' for a camera that has none, as beside a computer. */
export type Side = 'user' | 'environment' | '';

/** What a lens is for; 'auto' changes between the others by itself. */
type Kind = 'main' | 'auto' | 'wide' | 'tele' | 'macro';

/** Ids of the cameras that somebody chose, one for each side. */
export type Chosen = Partial<Record<Side, string>>;

/** A camera that can be chosen. n counts those that would have the same name, from 1. */
export type Lens = { id: string; side: Side; kind: Kind; label: string; n: number };

/** What a browser tells of a device, as far as it does. */
export type Told = Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label'> & { getCapabilities?: () => MediaTrackCapabilities };

// Makers and browsers put the side and the kind into the label, in the phone's language: "camera2 2, facing back",
// "Facing back:0", "Back Ultra Wide Camera", "Rückseitige Telekamera", "后置超广角相机".
const back = /\b(back|rear|environment|trasera|posterior|arrière)|rück|hinter|后|後|背/i;
const front = /\b(front|delantera|avant|user)|前/i;
const kinds: [Kind, RegExp][] = [
  ['auto', /triple|dual|dreifach|doppel|doble|三|双|雙/i], // before the others: "Back Dual Wide Camera"
  ['wide', /ultra|超广|超廣/i],
  ['tele', /tele|长焦|長焦|远摄/i],
  ['macro', /macro|makro|微距/i],
];
const autos = [/triple|dreifach|三/i, /wide|weit|angular|广|廣/i]; // the more lenses it changes between, the better

/**
 * The cameras to choose from: those of the back first, one of the front, where there are several the open one, one that
 * changes between lenses by itself. open is the id of the open camera. Browsers that hide their devices give none.
 */
export function lensesOf(devices: readonly Told[], open = ''): Lens[] {
  const all = new Map<string, Lens>();
  for (const device of devices) {
    if (device.kind !== 'videoinput' || !device.deviceId || all.has(device.deviceId)) continue;
    all.set(device.deviceId, { id: device.deviceId, side: sideOf(device), kind: kindOf(device.label), label: plain(device.label), n: 1 });
  }
  const every = [...all.values()];
  const one = (some: Lens[]) => some.find((lens) => lens.id === open) ?? some[0];
  const autosOfBack = every.filter((lens) => lens.side === 'environment' && lens.kind === 'auto').sort((a, b) => rank(a) - rank(b));
  const kept = [
    ...every.filter((lens) => lens.side === 'environment' && lens.kind !== 'auto'),
    one(autosOfBack),
    one(every.filter((lens) => lens.side === 'user')),
    ...every.filter((lens) => lens.side === ''),
  ].filter((lens) => lens !== undefined);
  const seen = new Map<string, number>();
  return kept.map((lens) => {
    const name = lens.side === '' ? lens.label : `${lens.side} ${lens.kind}`;
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return { ...lens, n };
  });
}

/**
 * The camera that flipping opens: of the other side the one chosen there, or the browser's own choice; where no side is
 * known, the next of the list. facing is what the open track says of itself, '' where it says nothing.
 */
export function otherSide(lenses: readonly Lens[], open: string, facing: Side, chosen: Chosen): CameraWish {
  const to = facing === 'environment' ? 'user' : 'environment';
  const sides = lenses.filter((lens) => lens.side !== '');
  const there = sides.filter((lens) => lens.side === to);
  const next = lenses[(lenses.findIndex((lens) => lens.id === open) + 1) % lenses.length];
  if (facing === '' || (sides.length > 0 && there.length === 0)) return next ? { facing: next.side || to, lens: next.id } : { facing: to };
  return { facing: to, lens: there.find((lens) => lens.id === chosen[to])?.id };
}

/** By the device's own word where the browser has it, else by the label. */
function sideOf(device: Told): Side {
  const told = device.getCapabilities?.().facingMode?.[0];
  if (told === 'user' || told === 'environment') return told;
  return back.test(device.label) ? 'environment' : front.test(device.label) ? 'user' : '';
}

function kindOf(label: string): Kind {
  return kinds.find(([, words]) => words.test(label))?.[0] ?? 'main';
}

function rank(lens: Lens): number {
  const at = autos.findIndex((words) => words.test(lens.label));
  return at < 0 ? autos.length : at;
}

/** A label without the numbers that Linux and Windows add, "HD Webcam (04f2:b6d9)"; some name a file or a path. */
function plain(label: string): string {
  return label.includes('/') ? '' : label.replace(/\s*\([0-9a-f]{4}:[0-9a-f]{4}\)\s*$/i, '').trim();
}
