/**
 * The last line of a machine-readable zone, found to the pixel: the twin of Go's calls/legibility/line.go, in whole
 * numbers only. Rows are those at column 0 of a line that goes down by rise/1024; right and bottom are outside of it.
 */

import { whole } from './legibility-count';
import { burntMean, cellHeight, cellWidth, div, median, zoneChars, type Box, type Plane } from './legibility-parts';

export interface Line {
  top: number;
  bottom: number;
  left: number;
  right: number;
  rise: number;
  /** there is a line above it */
  pair: boolean;
}

/** The cells that a line is looked for in. */
export interface Cells {
  readonly cols: number;
  readonly cells: readonly { text: boolean }[];
}

const riseSteps = 16;
const riseStep = 3;
const bandFrom = 35;
const weakBelow = 700;
const paleOver = 350;
const sideLeast = 8;
const footLeast = 1;

const rowOf = (l: Line, y: number, x: number) => y + ((l.rise * x) >> 10);

/** Tenths of a pixel. */
export const pitchOf = (l: Line) => div(10 * (l.right - l.left), zoneChars);

export function lastLine(p: Plane, g: Cells, b: Box, step: number): Line | null {
  const [rise, middle] = slope(g, b);
  const left = b.left * cellWidth;
  const right = Math.min(p.width - 2, b.right * cellWidth);
  const reach = div(right - left, 16);
  const centre = div(left + right, 2);
  const l: Line = { top: 0, bottom: 0, left, right, rise: 0, pair: false };
  let best = -1;
  let from = 0;
  let rows: Int32Array = new Int32Array(0);
  for (let k = -riseSteps; k <= riseSteps; k++) {
    const tried = rise + k * riseStep;
    const first = middle + (((rise - tried) * centre) >> 10) - reach;
    const counts = strongSteps(p, first, 2 * reach, left, right, tried, step);
    let uneven = 0;
    for (let i = 1; i < counts.length; i++) uneven += (counts[i]! - counts[i - 1]!) ** 2;
    if (uneven <= best) continue;
    best = uneven;
    l.rise = tried;
    from = first;
    rows = counts;
  }
  const bands = bandsOf(rows);
  const last = bands[bands.length - 1];
  if (!last) return null;
  l.top = from + last[0];
  l.bottom = from + last[1];
  l.pair = bands.length > 1;
  ends(p, l);
  return l;
}

function slope(g: Cells, b: Box): [rise: number, middle: number] {
  const n = b.right - b.left;
  const third = div(n, 3);
  const a = middleOf(g, b, b.left, b.left + third);
  const z = middleOf(g, b, b.right - third, b.right);
  const rise = Math.trunc(((z - a) << 10) / ((n - third) * cellWidth));
  return [rise, a - ((rise * (b.left + div(n, 6)) * cellWidth) >> 10)];
}

function middleOf(g: Cells, b: Box, from: number, to: number): number {
  const middles: number[] = [];
  for (let col = from; col < to; col++) {
    let sum = 0;
    let n = 0;
    for (let row = b.top; row < b.bottom; row++) {
      if (!g.cells[row * g.cols + col]!.text) continue;
      sum += 2 * row + 1;
      n++;
    }
    if (n > 1) middles.push(div(sum * cellHeight, 2 * n));
  }
  return median(middles);
}

function strongSteps(p: Plane, first: number, count: number, left: number, right: number, rise: number, step: number): Int32Array {
  const counts = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    for (let x = left; x < right; x++) {
      const y = first + i + ((rise * x) >> 10);
      if (y < 0 || y >= p.height) continue;
      const at = y * p.width + x;
      const d = p.pix[at + 2]! - p.pix[at]!;
      if (d >= step || d <= -step) counts[i]!++;
    }
  }
  return counts;
}

function bandsOf(rows: Int32Array): [number, number][] {
  if (!rows.length) return [];
  const low = rows.reduce((a, b) => Math.min(a, b));
  const high = rows.reduce((a, b) => Math.max(a, b));
  if (high === low) return [];
  const over = low + div((high - low) * bandFrom, 100);
  const bands: [number, number][] = [];
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! < over) continue;
    const from = i;
    while (i < rows.length && rows[i]! >= over) i++;
    bands.push([from, i]);
  }
  const tallest = Math.max(...bands.map(([from, to]) => to - from));
  return bands.filter(([from, to]) => 2 * (to - from) >= tallest);
}

function ends(p: Plane, l: Line): void {
  const from = Math.max(0, l.left - cellWidth);
  const sums = columns(p, l, from, Math.min(p.width - 1, l.right + cellWidth));
  const over = div(median([...sums]) * 3, 4);
  const reach = Math.max(6, div(l.right - l.left, zoneChars));
  const print = (x: number, step: number) => {
    let n = 0;
    for (let i = 0; i < reach; i++) if ((sums[x + i * step] ?? -1) >= over) n++;
    return sums[x]! >= over && 3 * n >= reach;
  };
  let a = 0;
  let z = sums.length - 1;
  while (a < z && !print(a, 1)) a++;
  while (z > a && !print(z, -1)) z--;
  l.left = from + a;
  l.right = from + z + 1;
}

function columns(p: Plane, l: Line, from: number, to: number): number[] {
  const sums: number[] = [];
  for (let x = from; x < to; x++) {
    let sum = 0;
    for (let y = l.top; y < l.bottom; y++) {
      const row = rowOf(l, y, x);
      if (row >= 0 && row < p.height) sum += Math.abs(p.pix[row * p.width + x + 1]! - p.pix[row * p.width + x]!);
    }
    sums.push(sum);
  }
  return sums;
}

/** Whether a line lies so near to the picture's edge that it may go on outside; beyond a side it does not where all its characters are there. */
export function touches(p: Plane, l: Line): boolean {
  const foot = Math.max(rowOf(l, l.bottom, l.left), rowOf(l, l.bottom, l.right));
  if (p.height - foot < footLeast) return true;
  const side = Math.min(l.left, p.width - l.right);
  return side < Math.max(sideLeast, div(l.right - l.left, zoneChars)) && !whole(columns(p, l, Math.max(0, l.left), Math.min(p.width - 1, l.right)), side >= sideLeast);
}

/**
 * Whether each character stands out about as much as the usual one. Where something is burnt, the upper and the lower
 * halves are looked at for themselves, as glare ends within a line.
 */
export function even(p: Plane, l: Line, burnt: boolean): boolean {
  if (!burnt) return evenIn(p, l);
  if (burntBeside(p, l)) return false;
  return evenIn(p, { ...l, bottom: div(l.top + l.bottom + 1, 2) }) && evenIn(p, { ...l, top: div(l.top + l.bottom, 2) });
}

/** Whether one of the two characters' places before a line or behind it is burnt: the line goes on there. */
function burntBeside(p: Plane, l: Line): boolean {
  const pitch = div(l.right - l.left, zoneChars);
  return [l.left - 2 * pitch, l.left - pitch, l.right, l.right + pitch].some((from) => {
    let sum = 0;
    let n = 0;
    for (let x = Math.max(0, from); x < Math.min(p.width, from + pitch); x++) {
      for (let y = l.top; y < l.bottom; y++) {
        const row = rowOf(l, y, x);
        if (row < 0 || row >= p.height) continue;
        sum += p.pix[row * p.width + x]!;
        n++;
      }
    }
    return n > 0 && sum >= n * burntMean;
  });
}

function evenIn(p: Plane, l: Line): boolean {
  const ranges = Array.from({ length: zoneChars }, (_, i) =>
    rangeOf(p, l, l.left + div(i * (l.right - l.left), zoneChars), l.left + div((i + 1) * (l.right - l.left), zoneChars)),
  );
  const usual = median(ranges.map(([low, high]) => high - low));
  const dark = median(ranges.map(([low]) => low));
  return ranges.every(([low, high]) => 1000 * (high - low) >= weakBelow * usual && 1000 * (low - dark) <= paleOver * usual);
}

function rangeOf(p: Plane, l: Line, from: number, to: number): [low: number, high: number] {
  let low = 255;
  let high = 0;
  for (let x = from; x < Math.min(to, p.width); x++) {
    for (let y = l.top; y < l.bottom; y++) {
      const row = rowOf(l, y, x);
      if (row < 0 || row >= p.height) continue;
      const v = p.pix[row * p.width + x]!;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return [low, Math.max(low, high)];
}
