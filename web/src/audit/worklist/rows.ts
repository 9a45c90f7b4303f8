/** Height of a row of the worklist, as its style sheet has it. */
export const rowHeight = 40;
const head = 32; // of the table
const beyond = 10; // rows drawn outside of what is seen

/** windowOf says which of count rows to draw where a list of a height is scrolled to. Pure. */
export function windowOf(count: number, top: number, height: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(count, Math.floor((top - head) / rowHeight) - beyond));
  return { from, to: Math.min(count, from + Math.ceil(height / rowHeight) + 2 * beyond) };
}

/** reach gives the scroll position that shows a row, undefined where it is seen. Pure. */
export function reach(row: number, top: number, height: number): number | undefined {
  const start = row * rowHeight;
  if (start < top) return start;
  const end = start + rowHeight + head;
  return end > top + height ? end - height : undefined;
}
