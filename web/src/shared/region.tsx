/** A rectangle of a picture, in its pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

type RegionProps = { url: string; /** of the whole picture */ size: { width: number; height: number }; region: Region; name: string };

/** A part of a picture: the picture itself is loaded, nothing is cut out. */
export function RegionPicture({ url, size, region: { x, y, width, height }, name }: RegionProps) {
  return (
    <svg class="region" viewBox={`${x} ${y} ${width} ${height}`} preserveAspectRatio="xMidYMid meet" role="img" aria-label={name}>
      <image href={url} width={size.width} height={size.height} />
    </svg>
  );
}
