import { signal } from '@preact/signals';
import type OpenSeadragon from 'openseadragon';
import type { Region } from '../../shared/region';
import { follow, lead, wrap, type Link, type View } from './link';

export type Side = 'a' | 'b';

/** The part with the picture viewer, fetched when the first picture is to be seen: the agenda does without it. */
type Viewing = typeof import('./viewer');

/** A place in a view, 0 to 1 from its left and upper edge. */
export type Place = { x: number; y: number };

const step = 1.3; // zoom of one press
const least = 16; // pixels of a region's edge, as the server has it
const quarter = 90; // degrees of one press

/**
 * Pair holds two pictures whose views move together while they are linked. The
 * side that the reader touches leads, the other follows in the same frame.
 */
export class Pair {
  /** Zoom of the leading picture, percent of its own pixels. */
  readonly zoom = signal(100);
  /** Rotation of the leading picture, degrees in (−180, 180]. */
  readonly rotation = signal(0);
  readonly linked = signal(true);
  /** Both pictures are magnified around one place. */
  readonly loupe = signal(false);
  /** That place, in shares of a view's box; null while the pointer is elsewhere. */
  readonly at = signal<Place | null>(null);
  /** Sides whose picture could not be loaded. */
  readonly broken = signal<Record<Side, boolean>>({ a: false, b: false });

  private viewing: Viewing | null = null;
  private viewers: Partial<Record<Side, OpenSeadragon.Viewer>> = {};
  private urls: Record<Side, string> = { a: '', b: '' };
  /** A part of a picture that is on its way. */
  private wanted: { side: Side; region: Region } | null = null;
  private leader: Side = 'a';
  private link: Link | null = null;
  /** Both pictures are shown whole, and stay so when their boxes change. */
  private whole = true;

  /** mount makes the viewer of a side in its element, once the viewer's part is there, and gives what takes it away again. */
  mount(side: Side, element: HTMLElement): () => void {
    let gone = false;
    import('./viewer').then(
      (viewing) => {
        this.viewing = viewing;
        if (!gone) this.begin(side, viewing.openViewer(element));
      },
      () => this.setBroken(side, true),
    );
    return () => {
      gone = true;
      this.viewers[side]?.destroy();
      delete this.viewers[side];
    };
  }

  private begin(side: Side, viewer: OpenSeadragon.Viewer): void {
    this.viewers[side] = viewer;
    const touched = () => this.take(side);
    for (const name of ['canvas-press', 'canvas-scroll', 'canvas-pinch', 'canvas-double-click'] as const) viewer.addHandler(name, touched);
    for (const name of ['canvas-drag', 'canvas-scroll', 'canvas-pinch', 'canvas-double-click'] as const) viewer.addHandler(name, () => (this.whole = false));
    viewer.addHandler('viewport-change', () => this.moved(side));
    viewer.addHandler('open', () => this.opened(side));
    viewer.addHandler('resize', () => requestAnimationFrame(() => (this.whole ? this.fit() : this.relink())));
    viewer.addHandler('open-failed', () => this.setBroken(side, true));
    this.draw(side);
  }

  /** show puts a picture on a side; '' takes it away. */
  show(side: Side, url: string, again = false): void {
    if (this.urls[side] === url && !again) return;
    this.urls[side] = url;
    this.setBroken(side, false);
    this.draw(side);
  }

  private draw(side: Side): void {
    const viewer = this.viewers[side];
    if (!viewer || !this.viewing) return; // begin draws it
    if (this.urls[side]) viewer.open(this.viewing.pictureSource(this.urls[side]));
    else viewer.close();
  }

  /** reload tries a picture once more that could not be loaded. */
  reload(side: Side): void {
    this.show(side, this.urls[side], true);
  }

  zoomBy(direction: 1 | -1): void {
    this.whole = false;
    this.each((viewer) => viewer.viewport.zoomBy(direction > 0 ? step : 1 / step).applyConstraints());
  }

  turn(direction: 1 | -1): void {
    this.whole = false;
    this.each((viewer) => viewer.viewport.setRotation(viewer.viewport.getRotation() + direction * quarter));
  }

  /** fit shows both pictures whole and upright, and begins the link anew. */
  fit(): void {
    this.whole = true;
    for (const side of ['a', 'b'] as const) {
      const viewer = this.open(side);
      viewer?.viewport.setRotation(0, true);
      viewer?.viewport.goHome(true);
    }
    this.relink();
    this.tell(this.leader);
  }

  /** toggleLink lets the views go apart, or holds them in the relation in which they are. */
  toggleLink(): void {
    this.linked.value = !this.linked.value;
    this.relink();
  }

  toggleLoupe(): void {
    this.loupe.value = !this.loupe.peek();
    this.at.value = this.loupe.peek() ? { x: 0.5, y: 0.5 } : null;
  }

  /** point moves the loupe with the pointer. */
  point(box: Element, event: PointerEvent): void {
    if (!this.loupe.peek()) return;
    const { left, top, width, height } = box.getBoundingClientRect();
    this.at.value = { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  }

  unpoint(): void {
    if (this.loupe.peek()) this.at.value = null;
  }

  /** stepLoupe moves the loupe with the arrow keys. */
  stepLoupe(event: KeyboardEvent): void {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by || !this.loupe.peek()) return;
    event.preventDefault();
    const { x, y } = this.at.peek() ?? { x: 0.5, y: 0.5 };
    this.at.value = { x: Math.min(1, Math.max(0, x + by[0]! / 40)), y: Math.min(1, Math.max(0, y + by[1]! / 40)) };
  }

  /** seen gives what lies at a place of a side's box: the point in pixels of its picture, degrees, screen pixels per picture pixel. */
  seen(side: Side, { x, y }: Place): { x: number; y: number; rotation: number; scale: number } | null {
    const viewer = this.open(side);
    if (!viewer || !this.viewing) return null;
    const { viewport } = viewer;
    const box = viewport.getContainerSize();
    const image = viewport.viewerElementToImageCoordinates(this.viewing.pointAt(x * box.x, y * box.y));
    return { x: image.x, y: image.y, rotation: viewport.getRotation(true), scale: viewport.viewportToImageZoom(viewport.getZoom(true)) };
  }

  /** region gives what a side shows of its picture, in whole pixels of it; null where that is nearly all of it, or nothing. */
  region(side: Side): Region | null {
    const viewer = this.open(side);
    const item = viewer?.world.getItemAt(0);
    if (!viewer || !this.viewing || !item) return null;
    const box = viewer.viewport.getContainerSize();
    const size = item.getContentSize();
    const { viewing } = this;
    const corners = [[0, 0], [box.x, 0], [0, box.y], [box.x, box.y]].map(([x, y]) => viewer.viewport.viewerElementToImageCoordinates(viewing.pointAt(x!, y!)));
    const within = (values: number[], most: number) => values.map((value) => Math.min(most, Math.max(0, Math.round(value))));
    const xs = within(corners.map(({ x }) => x), size.x);
    const ys = within(corners.map(({ y }) => y), size.y);
    const x = Math.min(...xs);
    const y = Math.min(...ys);
    const width = Math.max(...xs) - x;
    const height = Math.max(...ys) - y;
    return width < least || height < least || width * height > 0.9 * size.x * size.y ? null : { x, y, width, height };
  }

  /** showRegion turns a side to a part of its picture, at once or when the picture is there. */
  showRegion(side: Side, region: Region, url: string): void {
    const viewer = this.urls[side] === url ? this.open(side) : undefined;
    this.wanted = viewer ? null : { side, region };
    if (!viewer) return;
    this.take(side);
    this.whole = false;
    viewer.viewport.setRotation(0, true);
    viewer.viewport.fitBounds(viewer.viewport.imageToViewportRectangle(region.x, region.y, region.width, region.height), true);
  }

  private open(side: Side): OpenSeadragon.Viewer | undefined {
    const viewer = this.viewers[side];
    return viewer?.isOpen() ? viewer : undefined;
  }

  /** A press on a tool: the leader moves, the other follows its movement. */
  private each(act: (viewer: OpenSeadragon.Viewer) => void): void {
    const viewer = this.open(this.leader) ?? this.open(this.leader === 'a' ? 'b' : 'a');
    if (viewer) act(viewer);
  }

  private take(side: Side): void {
    if (this.leader === side) return;
    this.leader = side;
    this.relink();
  }

  private opened(side: Side): void {
    this.setBroken(side, false);
    this.fit();
    if (this.wanted?.side === side) this.showRegion(side, this.wanted.region, this.urls[side]);
  }

  private relink(): void {
    const a = this.open('a');
    const b = this.open('b');
    this.link = a && b && this.linked.peek() ? { a: viewOf(a), b: viewOf(b) } : null;
  }

  private moved(side: Side): void {
    if (side !== this.leader) return;
    this.tell(side);
    const other = this.open(side === 'a' ? 'b' : 'a');
    const viewer = this.open(side);
    if (!this.link || !other || !viewer) return;
    this.setView(other, side === 'a' ? follow(this.link, viewOf(viewer)) : lead(this.link, viewOf(viewer)));
  }

  private setView({ viewport }: OpenSeadragon.Viewer, view: View): void {
    viewport.setRotation(view.rotation, true);
    viewport.zoomTo(view.zoom, undefined, true);
    if (this.viewing) viewport.panTo(this.viewing.pointAt(view.x, view.y), true);
  }

  private tell(side: Side): void {
    const viewer = this.open(side);
    if (!viewer) return;
    const { viewport } = viewer;
    this.zoom.value = Math.round(viewport.viewportToImageZoom(viewport.getZoom(true)) * 100);
    this.rotation.value = Math.round(wrap(viewport.getRotation(true)) * 10) / 10;
  }

  private setBroken(side: Side, broken: boolean): void {
    if (this.broken.peek()[side] !== broken) this.broken.value = { ...this.broken.peek(), [side]: broken };
  }
}

function viewOf({ viewport }: OpenSeadragon.Viewer): View {
  const centre = viewport.getCenter(true);
  return { x: centre.x, y: centre.y, zoom: viewport.getZoom(true), rotation: viewport.getRotation(true) };
}
