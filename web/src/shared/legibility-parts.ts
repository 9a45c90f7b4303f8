/** A picture's luma, full range, row by row. */
export interface Plane {
  width: number;
  height: number;
  pix: Uint8Array;
}

/** A region of cells, right and bottom outside of it. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const cellWidth = 16; // pixels
export const cellHeight = 8;
export const zoneChars = 36;
export const burntMean = 250; // luma of a cell, or of a character's place, that is burnt

/** The middle of a list, which it sorts; 0 of none. */
export function median(list: number[]): number {
  return list.length ? list.sort((a, b) => a - b)[list.length >> 1]! : 0;
}

/** Whole-number division, as Go divides what isn't negative. */
export function div(a: number, b: number): number {
  return Math.floor(a / b);
}
