/**
 * Whether the print of a document in a picture can be read: the same classical measures of grey values as Go's package
 * calls/legibility, in whole numbers only; test/legibility.test.mjs holds both to the same results. Nothing here looks
 * for a face or a person.
 */

import { even, lastLine, pitchOf, touches, type Line } from './legibility-line';
import { clearBelow, cleared, clearTop, type Scale } from './legibility-clear';
import { burntMean, cellHeight, cellWidth, div, median, type Box, type Plane } from './legibility-parts';

export type Cause = '' | 'dark' | 'glare' | 'blur' | 'small' | 'cropped';

/** Lengths are tenths of a pixel; Go's Measures say what each is. */
export interface Measures {
  bright: number;
  noise: number;
  burnt: number;
  text: number;
  pitch: number;
  edge: number;
  cause: Cause;
}

const darkBelow = 10;
const dimBelow = 80;
const noiseBelow = 27;
const burntLeast = 1;
const burntLarge = 25;
const pitchBelow = 76;
const mergedBelow = 110;
const blurOver = 61;
const edgeOver = 65;
const textLeast = 12;
const textLarge = 40;
const zoneSlender = 4;

const textStrokes = 12;
const burntRange = 8;

/** Measures a picture; zone says that a machine-readable zone is expected on this side. */
export function measure(p: Plane, zone: boolean): Measures {
  if (p.width < 160 || p.height < 90 || p.pix.length < p.width * p.height) {
    return { bright: 0, noise: 0, burnt: 0, text: 0, pitch: 0, edge: 0, cause: 'small' };
  }
  let scale: Scale = { low: 0, high: 9 * clearTop };
  const clear = highest(p, 100) < clearBelow;
  if (clear) [p, scale] = cleared(p);
  const [low, high] = percentiles(p);
  let step = Math.max(10, div((high - low) * 15, 100));
  let grid = new Grid(p, step);
  if (clear) {
    step = Math.max(step, div(grid.flat() * 3, 4));
    grid = new Grid(p, step);
  }
  const share = (is: (s: Spot) => boolean) => div(1000 * grid.count(is), grid.cells.length);
  const text = share((s) => s.text);
  const printed = text >= div(textLeast, 2);
  const m: Measures = {
    bright: lumaIn(scale, printed ? grid.paper() : high), noise: printed ? grid.contrast() : 0, burnt: share((s) => s.burnt), text, pitch: 0,
    edge: grid.strongestEdge(), cause: '',
  };
  const found = zone && printed ? grid.zone() : null;
  const line = found && lastLine(p, grid, found, step);
  if (line) m.pitch = Math.max(1, pitchOf(line));
  m.cause = line ? judgeLine(m, p, grid, line) : judge(m, grid, zone);
  return m;
}

/** The luma that a stretched picture's value was. */
const lumaIn = (s: Scale, v: number) => div(s.low + div(v * (s.high - s.low), clearTop), 9);

const dim = (m: Measures) => m.bright < darkBelow || (m.bright < dimBelow && m.noise < noiseBelow);

function judgeLine(m: Measures, p: Plane, grid: Grid, line: Line): Cause {
  if (dim(m)) return 'dark';
  if (touches(p, line)) return 'cropped';
  if (m.pitch < pitchBelow) {
    if (grid.textTouches()) return 'cropped';
    if (m.burnt >= burntLeast) return 'glare';
    return m.text >= textLarge ? 'cropped' : 'small';
  }
  if (m.edge > blurOver) return 'blur';
  if ((line.pair || m.bright < dimBelow || m.pitch < mergedBelow) && even(p, line, m.burnt >= burntLeast)) return '';
  return m.burnt >= burntLeast ? 'glare' : m.bright < dimBelow ? 'dark' : 'cropped';
}

function judge(m: Measures, grid: Grid, zone: boolean): Cause {
  if (dim(m)) return 'dark';
  if (m.burnt > burntLarge) return 'glare';
  if (m.edge > edgeOver && m.text < textLeast) return 'blur';
  if (!zone && m.text >= textLeast) return '';
  return grid.textTouches() || m.text >= textLarge ? 'cropped' : 'small';
}

function percentiles(p: Plane): [low: number, high: number] {
  const count = new Int32Array(256);
  const all = p.width * p.height;
  for (let i = 0; i < all; i++) count[p.pix[i]!]!++;
  const twentieth = div(all, 20);
  let low = 0;
  for (let sum = count[0]!; sum < twentieth; sum += count[low]!) low++;
  return [low, highest(p, 20)];
}

function highest(p: Plane, of: number): number {
  const count = new Int32Array(256);
  const all = p.width * p.height;
  for (let i = 0; i < all; i++) count[p.pix[i]!]!++;
  let high = 255;
  for (let sum = count[255]!; sum < div(all, of); sum += count[high]!) high--;
  return high;
}

interface Spot {
  strokes: number;
  low: number;
  high: number;
  slope: number;
  fall: number;
  text: boolean;
  burnt: boolean;
  inRegion: boolean;
}

/** The picture in cells of 16×8 pixels; a rest at the right and the bottom is left out. */
class Grid {
  readonly cols: number;
  readonly rows: number;
  readonly cells: Spot[] = [];

  constructor(p: Plane, step: number) {
    this.cols = div(p.width, cellWidth);
    this.rows = div(p.height, cellHeight);
    for (let row = 0; row < this.rows; row++) {
      for (let col = 0; col < this.cols; col++) this.cells.push(spot(p, col * cellWidth, row * cellHeight, step));
    }
  }

  count(is: (s: Spot) => boolean): number {
    return this.cells.reduce((n, s) => (is(s) ? n + 1 : n), 0);
  }

  contrast(): number {
    return div(10 * median(this.cells.filter((s) => s.text).map((s) => s.high - s.low)), Math.max(1, this.flat()));
  }

  flat(): number {
    const all = this.cells.map((s) => s.high - s.low).sort((a, b) => a - b);
    return all[div(all.length, 5)]!;
  }

  textTouches(): boolean {
    return this.cells.some((s, i) => {
      const row = div(i, this.cols);
      const col = i % this.cols;
      return s.text && (row === 0 || col === 0 || row === this.rows - 1 || col === this.cols - 1);
    });
  }

  paper(): number {
    return median(this.cells.filter((s) => s.text).map((s) => s.high));
  }

  strongestEdge(): number {
    const count = new Int32Array(256);
    for (const s of this.cells) count[s.high - s.low]!++;
    const least = div(this.cells.length, 20);
    let contrast = 255;
    for (let sum = count[255]!; sum < least && contrast > 1; sum += count[contrast]!) contrast--;
    const edges = this.cells.filter((s) => s.high - s.low >= contrast && s.slope > 0 && s.fall > 0);
    const width = median(edges.map((s) => div(20 * (s.high - s.low), s.slope)));
    const height = median(edges.map((s) => div(20 * (s.high - s.low), s.fall)));
    return 2 * height < width ? div(width * 3, 4) : width;
  }

  zone(): Box | null {
    const regions = this.regions();
    let widest: Box = { left: 0, top: 0, right: 0, bottom: 0 };
    for (const r of regions) if (r.right - r.left > widest.right - widest.left) widest = r;
    if (widest.right === widest.left) return null;
    for (let again = true; again; ) {
      again = false;
      for (const r of regions) {
        const inRow = r.top < widest.bottom && r.bottom > widest.top && 2 * (r.bottom - r.top) <= 3 * (widest.bottom - widest.top);
        const outside = r.left < widest.left || r.right > widest.right;
        if (!inRow || !outside || r.right - r.left < 2) continue;
        widest = { left: Math.min(widest.left, r.left), top: Math.min(widest.top, r.top), right: Math.max(widest.right, r.right), bottom: Math.max(widest.bottom, r.bottom) };
        again = true;
      }
    }
    const width = widest.right - widest.left;
    return width * cellWidth >= zoneSlender * (widest.bottom - widest.top) * cellHeight && width >= 12 ? widest : null;
  }

  private regions(): Box[] {
    const regions: Box[] = [];
    this.cells.forEach((s, i) => {
      if (s.text && !s.inRegion) regions.push(this.region(i));
    });
    return regions;
  }

  private region(first: number): Box {
    const b: Box = { left: this.cols, top: this.rows, right: 0, bottom: 0 };
    this.cells[first]!.inRegion = true;
    for (const open = [first]; open.length > 0; ) {
      const i = open.pop()!;
      const row = div(i, this.cols);
      const col = i % this.cols;
      b.left = Math.min(b.left, col);
      b.top = Math.min(b.top, row);
      b.right = Math.max(b.right, col + 1);
      b.bottom = Math.max(b.bottom, row + 1);
      for (let r = Math.max(0, row - 1); r <= Math.min(this.rows - 1, row + 1); r++) {
        for (let c = Math.max(0, col - 1); c <= Math.min(this.cols - 1, col + 1); c++) {
          const s = this.cells[r * this.cols + c]!;
          if (!s.text || s.inRegion) continue;
          s.inRegion = true;
          open.push(r * this.cols + c);
        }
      }
    }
    return b;
  }
}

function spot(p: Plane, left: number, top: number, step: number): Spot {
  let strokes = 0;
  let low = 255;
  let high = 0;
  let slope = 0;
  let fall = 0;
  let sum = 0;
  const last = Math.min(left + cellWidth, p.width - 2);
  for (let y = top; y < top + cellHeight; y++) {
    let direction = 0;
    for (let x = left; x < last; x++) {
      const at = y * p.width + x;
      const v = p.pix[at]!;
      const d = p.pix[at + 2]! - v;
      if (v < low) low = v;
      if (v > high) high = v;
      sum += v;
      if (d > slope) slope = d;
      else if (-d > slope) slope = -d;
      const down = Math.abs(p.pix[Math.min(at + 2 * p.width, p.pix.length - p.width + x)]! - v);
      if (down > fall) fall = down;
      if (d >= step && direction !== 1) {
        direction = 1;
        strokes++;
      } else if (d <= -step && direction !== -1) {
        direction = -1;
        strokes++;
      }
    }
  }
  const mean = div(sum, cellHeight * Math.max(1, last - left));
  return { strokes, low, high, slope, fall, text: strokes >= textStrokes, burnt: mean >= burntMean && high - low <= burntRange, inRegion: false };
}

/** lumaOf gives the luma of a canvas' pixels (BT.601, full range). */
export function lumaOf({ width, height, data }: ImageData): Plane {
  const pix = new Uint8Array(width * height);
  for (let i = 0; i < pix.length; i++) pix[i] = (77 * data[4 * i]! + 150 * data[4 * i + 1]! + 29 * data[4 * i + 2]!) >> 8;
  return { width, height, pix };
}
