/** How many characters a line has: the twin of Go's calls/legibility/count.go, in whole numbers only. */

const countLeast = 150; // tenths of characters
const countMost = 500;
const countReach = 12;
const wholeLess = 7;
const wholeMore = 1;

/** Whether a line, of which the steps in each column are given, has as many characters as one of a zone; short says that one of size TD1 will do. */
export function whole(sums: readonly number[], short: boolean): boolean {
  const count = countOf(sums);
  return [36, 44, ...(short ? [30] : [])].some((chars) => count >= 10 * chars - wholeLess && count <= 10 * chars + wholeMore);
}

/** Tenths of characters, those over which the columns are the most alike. */
function countOf(sums: readonly number[]): number {
  const alike = alikeness(sums);
  let count = 0;
  let best = 0;
  for (let tried = countLeast; tried <= countMost; tried++) {
    let sum = 0;
    for (let k = 1; k <= countReach; k++) sum += alike[Math.trunc((20 * k * sums.length + tried) / (2 * tried))] ?? 0;
    if (sum > best) [count, best] = [tried, sum];
  }
  return count;
}

/** For each distance of columns, up to half of the line, how far those so far apart are alike. */
function alikeness(sums: readonly number[]): number[] {
  const mean = Math.trunc(sums.reduce((a, b) => a + b, 0) / Math.max(1, sums.length));
  return Array.from({ length: sums.length >> 1 }, (_, lag) => {
    let sum = 0;
    for (let x = lag; x < sums.length; x++) sum += (sums[x]! - mean) * (sums[x - lag]! - mean);
    return Math.trunc(sum / (sums.length - lag));
  });
}
