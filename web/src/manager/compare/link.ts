/**
 * What a view of a picture looks at. Centre in picture widths (OpenSeadragon's
 * viewport coordinates), zoom in view widths per picture width, rotation in
 * degrees clockwise.
 */
export interface View {
  x: number;
  y: number;
  zoom: number;
  rotation: number;
}

/**
 * How two linked views stand to each other. A filed scan is cut tight while a
 * capture shows the card somewhere in a frame, so a link keeps the relation in
 * which the reader left them instead of making both equal.
 */
export interface Link {
  a: View;
  b: View;
}

/** follow gives the view of B that keeps the link after A went to `a`. */
export function follow(link: Link, a: View): View {
  return move(link.a, link.b, a);
}

/** lead is follow the other way: the view of A after B went to `b`. */
export function lead(link: Link, b: View): View {
  return move(link.b, link.a, b);
}

/** The same movement on the screen, applied to another picture's view. */
function move(from: View, other: View, to: View): View {
  const scale = other.zoom / from.zoom;
  const turn = ((from.rotation - other.rotation) * Math.PI) / 180;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  return {
    x: other.x + (dx * Math.cos(turn) - dy * Math.sin(turn)) / scale,
    y: other.y + (dx * Math.sin(turn) + dy * Math.cos(turn)) / scale,
    zoom: to.zoom * scale,
    rotation: wrap(other.rotation + to.rotation - from.rotation),
  };
}

/** wrap brings an angle into (−180, 180]. */
export function wrap(degrees: number): number {
  const turned = ((degrees % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}
