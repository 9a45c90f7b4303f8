/** Width to height of a document by its format (ISO/IEC 7810); of an unknown one that of a card. */
export const ratioOf = (format: string): number => ratios[format] ?? ratios['ID-1']!;

const ratios: Record<string, number> = { 'ID-1': 1.586, 'ID-2': 1.419, 'ID-3': 1.42 };

export type Size = { width: number; height: number };
export type Box = Size & { x: number; y: number };

const inset = 15; // from the edge of the picture
const clear = 6; // between the frame and what lies above it
const margin = 10; // room around the document inside the frame

/**
 * The area of a box that a video with object-fit contain fills, or the box itself where the picture is cut to cover it.
 */
export function shownArea(box: Size, video: Size, covers: boolean): Box {
  if (covers || !video.width || !video.height) return { x: 0, y: 0, ...box };
  const scale = Math.min(box.width / video.width, box.height / video.height);
  const width = video.width * scale;
  const height = video.height * scale;
  return { x: (box.width - width) / 2, y: (box.height - height) / 2, width, height };
}

/** The frame for a document in the shown area: as large as it can be, centred, the document's ratio plus a margin. */
export function documentFrame(area: Box, ratio: number): Box {
  const widest = Math.min(area.width - 2 * inset, (area.height - 2 * inset - 2 * margin) * ratio + 2 * margin);
  const width = Math.max(0, widest);
  const height = Math.max(0, (width - 2 * margin) / ratio + 2 * margin);
  return { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
}

/**
 * Where a picture shown whole begins, from the top of the box: in its middle, or lower where that keeps what lies over
 * the box's top, down to taken, off the frame.
 */
export function topOf(box: Size, shown: Size, taken: number, ratio: number): number {
  const free = Math.max(0, box.height - shown.height);
  const { y } = documentFrame({ x: 0, y: 0, ...shown }, ratio);
  return Math.min(free, Math.max(free / 2, taken + clear - y));
}

/** A picture is cut to fill the box only where that loses little of it; a wide camera in a tall box is shown whole. */
export function covers(box: Size, video: Size): boolean {
  if (!video.width || !video.height || !box.width || !box.height) return true;
  const ratio = video.width / video.height / (box.width / box.height);
  return ratio < 1.35 && ratio > 1 / 1.35;
}
