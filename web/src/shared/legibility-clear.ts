/** A dark picture without its noise: the twin of Go's calls/legibility/clear.go, in whole numbers only. */

import { div, type Plane } from './legibility-parts';

export const clearBelow = 140;
export const clearTop = 240;

/** What luma a stretched picture's 0 and clearTop were, in ninths. */
export interface Scale {
  low: number;
  high: number;
}

/** Each pixel the mean of nine, stretched to clearTop from what 1 % are below to what 1 % are above. */
export function cleared(p: Plane): [Plane, Scale] {
  const sums = nines(p);
  const count = new Int32Array(9 * 255 + 1);
  for (const sum of sums) count[sum]!++;
  const rest = div(sums.length, 100);
  let low = 0;
  for (let n = count[0]!; n < rest; n += count[low]!) low++;
  let high = count.length - 1;
  for (let n = count[high]!; n < rest; n += count[high]!) high--;
  high = Math.max(high, low + 1);
  const pix = new Uint8Array(sums.length);
  sums.forEach((sum, i) => {
    pix[i] = Math.max(0, Math.min(clearTop, Math.trunc((clearTop * (sum - low)) / (high - low))));
  });
  return [{ width: p.width, height: p.height, pix }, { low, high }];
}

/** The sum of each pixel and its eight neighbours; at the edges the outermost counts again. */
function nines({ width, height, pix }: Plane): Uint16Array {
  const sums = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const rows = [Math.max(0, y - 1) * width, y * width, Math.min(height - 1, y + 1) * width];
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - 1);
      const right = Math.min(width - 1, x + 1);
      let sum = 0;
      for (const row of rows) sum += pix[row + left]! + pix[row + x]! + pix[row + right]!;
      sums[y * width + x] = sum;
    }
  }
  return sums;
}
