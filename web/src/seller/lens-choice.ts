import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { devicesThere, type CameraWish } from '../shared/camera';
import { ofTab } from '../shared/kept';
import { lensesOf, otherSide, type Chosen, type Lens, type Side } from './lenses';

const place = 'verifycall.lens';

/** The lenses of this device and the one that is open. What was chosen holds for the visit, in this tab also over a reload. */
export class LensChoice {
  readonly all: Signal<Lens[]> = signal<Lens[]>([]);
  /** Id of the lens that is open, or is being opened. */
  readonly at: Signal<string> = signal('');
  /** The one that was chosen last could not be opened. */
  readonly refused: Signal<boolean> = signal(false);
  /** There is another camera to change to. */
  readonly flips: ReadonlySignal<boolean> = computed(() => this.all.value.length > 1);
  /** There are more than flipping reaches. */
  readonly many: ReadonlySignal<boolean> = computed(() => this.all.value.length > 2);
  private readonly unusable = new Set<string>();
  private side: Side = '';
  private chosen: Chosen = {};

  constructor() {
    ({ side: this.side, chosen: this.chosen } = kept());
    navigator.mediaDevices?.addEventListener?.('devicechange', () => void this.look());
  }

  /** What to open now. */
  wish(): CameraWish {
    return { facing: this.side || 'user', lens: this.chosen[this.side] };
  }

  /** What flipping opens. */
  other(): CameraWish {
    return otherSide(this.all.peek(), this.at.peek(), this.side, this.chosen);
  }

  /** What choosing a lens opens; undefined for one that is open, or not there. */
  pick(id: string): CameraWish | undefined {
    const lens = this.all.peek().find((each) => each.id === id);
    if (!lens || id === this.at.peek()) return undefined;
    return { facing: lens.side || 'user', lens: id };
  }

  /** A camera is being opened. */
  opening(wish: CameraWish): void {
    this.refused.value = false;
    if (wish.lens) this.at.value = wish.lens;
  }

  /** It could not be: what was chosen is not offered again. */
  failed({ lens }: CameraWish): void {
    if (!lens) return;
    this.unusable.add(lens);
    for (const side of Object.keys(this.chosen) as Side[]) if (this.chosen[side] === lens) delete this.chosen[side];
    this.refused.value = true;
  }

  /** It is open; wish is what was asked for, if it was. */
  async opened(track: MediaStreamTrack | undefined, wish?: CameraWish): Promise<void> {
    if (!track) return;
    const { facingMode, deviceId = '' } = track.getSettings();
    this.at.value = deviceId;
    this.side = facingMode === 'user' || facingMode === 'environment' ? facingMode : '';
    await this.look();
    if (this.at.peek() !== deviceId) return; // another one was opened meanwhile
    this.side ||= this.all.peek().find((lens) => lens.id === deviceId)?.side ?? '';
    if (wish?.lens === deviceId) this.chosen[this.side] = deviceId;
    ofTab.write(place, JSON.stringify({ side: this.side, chosen: this.chosen } satisfies Kept));
  }

  private async look(): Promise<void> {
    const there = await devicesThere();
    this.all.value = lensesOf(there.filter((device) => !this.unusable.has(device.deviceId)), this.at.peek());
  }
}

type Kept = { side: Side; chosen: Chosen };

function kept(): Kept {
  try {
    const { side, chosen } = JSON.parse(ofTab.read(place) || '{}') as Partial<Kept>;
    return { side: side ?? '', chosen: chosen ?? {} };
  } catch {
    return { side: '', chosen: {} }; // not what this page wrote
  }
}
