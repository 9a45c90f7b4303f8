import { computed, signal } from '@preact/signals';
import { FaceFeatures, type CaptureView, type CropView, type Document } from '../../protocol';
import { stillURL } from '../api';
import { latest, type Session } from '../console/session';
import { fieldItems, filed, type FieldItem } from './fields';
import type { Mode } from './LinkedViews';
import { Pair } from './pair';

export const tabs = ['document', 'face', 'fields'] as const;
export type Tab = (typeof tabs)[number];
export type Decision = 'same' | 'different' | 'not_visible';

/** The filed document that belongs to a slot. */
const kindOf: Record<string, string> = { DOC_BACK: 'id_back' };

/** Where the face of the ID is looked at. */
export type FaceSource = 'filed' | 'capture';

/**
 * Desk is what the compare pane shows: its tab, which document beside which
 * capture, how, and what was typed. It is the screen's own; decisions go to the
 * server.
 */
export class Desk {
  readonly tab = signal<Tab>('document');
  readonly modes = signal<Record<Tab, Mode>>({ document: 'stacked', face: 'side', fields: 'side' });
  /** While X is held, the lower picture shows. */
  readonly flick = signal(false);
  /** How much of the upper picture an overlay shows, percent. */
  readonly sheer = signal(50);
  readonly pairs: Record<Tab, Pair> = { document: new Pair(), face: new Pair(), fields: new Pair() };
  readonly faceSource = signal<FaceSource>('filed');
  /** What the manager reads on the document, by item; the server's until something is typed here. */
  readonly typed = signal<Partial<Record<FieldItem, string>>>({});

  /** A region was to be kept of a capture that is shown whole. */
  readonly unzoomed = signal(false);

  private readonly chosenCapture = signal('');
  private readonly chosenDocument = signal('');

  constructor(private readonly session: Session) {}

  /** The capture that document and fields show: the chosen one, else the newest of the current step, else of the front. */
  readonly capture = computed((): CaptureView | undefined => {
    const captures = this.captures;
    const chosen = captures.find((capture) => capture.sha256 === this.chosenCapture.value);
    if (chosen) return chosen;
    const step = this.session.socket.state.value?.step ?? '';
    return latest(captures, step) ?? latest(captures, 'DOC_FRONT') ?? captures.at(-1);
  });

  /** The filed document beside it: the chosen one, else the one of the capture's side. */
  readonly document = computed((): Document | undefined => {
    const documents = this.documents;
    const step = this.session.socket.state.value?.step ?? '';
    const kind = kindOf[this.capture.value?.slot ?? step] ?? 'id_front';
    return (
      documents.find((document) => document.sha256 === this.chosenDocument.value) ??
      documents.find((document) => document.kind === kind) ??
      documents[0]
    );
  });

  /** The person's picture for the face tab: the chosen one where it shows the face, else the newest. */
  readonly person = computed((): CaptureView | undefined => {
    const chosen = this.captures.find((capture) => capture.sha256 === this.chosenCapture.value);
    if (chosen && chosen.slot.startsWith('FACE')) return chosen;
    return latest(this.captures, 'FACE') ?? latest(this.captures, 'FACE_WITH_DOC');
  });

  /** Items of the open tab that are still to decide. */
  readonly open = computed((): string[] => {
    const items = this.tab.value === 'face' ? [...FaceFeatures, 'face'] : [...fieldItems];
    return items.filter((item) => !this.decision(item));
  });

  get captures(): CaptureView[] {
    return this.session.socket.state.value?.staff?.captures ?? [];
  }

  /** The filed pictures. */
  get documents(): Document[] {
    return this.sent.filter(isPicture);
  }

  /** What was filed and is no picture: it is opened beside the page. */
  get files(): Document[] {
    return this.sent.filter((document) => !isPicture(document));
  }

  private get sent(): Document[] {
    return this.session.socket.state.value?.staff?.documents ?? [];
  }

  get pair(): Pair {
    return this.pairs[this.tab.value];
  }

  /** chooseCapture shows a capture of the tray, until the next one is made. */
  chooseCapture(capture: CaptureView): void {
    this.chosenCapture.value = capture.sha256;
    this.chosenDocument.value = '';
    if (this.tab.value === 'face' && !capture.slot.startsWith('FACE')) this.tab.value = 'document';
  }

  /** keepRegion keeps what the document tab shows of the capture. */
  async keepRegion(): Promise<void> {
    const capture = this.capture.peek();
    const seen = this.tab.peek() === 'document' ? this.pairs.document.region('b') : null;
    this.unzoomed.value = !!capture && !seen;
    if (capture && seen) await this.session.ask('crop', { still: capture.sha256, ...seen });
  }

  /** showCrop turns the document tab to a region that was kept. */
  showCrop(crop: CropView): void {
    const capture = this.captures.find((each) => each.sha256 === crop.still);
    if (!capture) return;
    this.chooseCapture(capture);
    this.tab.value = 'document';
    const { id } = this.session.socket.state.peek()!.room;
    this.pairs.document.showRegion('b', crop, stillURL(id, crop.still));
  }

  chooseDocument(sha256: string): void {
    this.chosenDocument.value = sha256;
  }

  /** follow lets go of what was chosen, so that the newest capture shows. */
  follow(): void {
    this.chosenCapture.value = '';
    this.chosenDocument.value = '';
  }

  setMode(mode: Mode): void {
    this.modes.value = { ...this.modes.value, [this.tab.value]: mode };
  }

  decision(item: string): string {
    return this.session.socket.state.value?.staff?.compare?.find((each) => each.item === item)?.decision ?? '';
  }

  /** read gives what was typed for an item. */
  read(item: FieldItem): string {
    const stored = this.session.socket.state.value?.staff?.compare?.find((each) => each.item === item)?.typed ?? '';
    return this.typed.value[item] ?? stored;
  }

  type(item: FieldItem, text: string): void {
    this.typed.value = { ...this.typed.value, [item]: text };
  }

  filed(item: FieldItem): string {
    return filed(item, this.session.socket.state.value?.staff?.application ?? {});
  }

  /** Features of the face that nobody has looked at yet. */
  readonly features = computed((): string[] => FaceFeatures.filter((feature) => !this.decision(feature)));

  /**
   * ready tells whether a decision can be given: what was read has to be typed first, unless nothing is visible; the
   * opinion on the face comes after all of its features.
   */
  ready(item: string, decision: Decision): boolean {
    if (item === 'face') return this.features.value.length === 0;
    return item.startsWith('face_') || decision === 'not_visible' || !!this.read(item as FieldItem).trim();
  }

  async decide(item: string, decision: Decision): Promise<void> {
    if (!this.ready(item, decision)) return;
    const typed = item.startsWith('face') ? '' : this.read(item as FieldItem).trim();
    await this.session.ask('compare', { item, decision, ...(typed ? { typed } : {}) });
  }

  /** decideNext decides the first open item of the tab, for the keys A, S and G. */
  decideNext(decision: Decision): void {
    const item = this.tab.value === 'document' ? undefined : this.open.value[0];
    if (item) void this.decide(item, decision);
  }
}

const isPicture = (document: Document) => document.width > 0;
