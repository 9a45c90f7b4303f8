import { useEffect, useRef, useState } from 'preact/hooks';
import type { Pair, Place, Side } from './pair';

const size = 176; // CSS pixels
const larger = 3; // than the view shows it

type LoupeProps = { pair: Pair; side: Side; url: string; at: Place };

/** A round glass over one place of a picture; the other side's shows the same place. Drawn from the picture's own pixels. */
export function Loupe({ pair, side, url, at }: LoupeProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [picture, setPicture] = useState<HTMLImageElement | null>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setPicture(image);
    image.src = url; // in the browser's cache already
    return () => (image.onload = null);
  }, [url]);
  useEffect(() => {
    const glass = canvas.current;
    const context = glass?.getContext('2d');
    const seen = pair.seen(side, at);
    if (!glass || !context || !seen || !picture) return;
    glass.style.setProperty('left', `${at.x * 100}%`);
    glass.style.setProperty('top', `${at.y * 100}%`);
    const ratio = devicePixelRatio;
    glass.width = glass.height = size * ratio;
    context.translate(glass.width / 2, glass.height / 2);
    context.rotate((seen.rotation * Math.PI) / 180);
    context.scale(seen.scale * larger * ratio, seen.scale * larger * ratio);
    context.drawImage(picture, -seen.x, -seen.y);
  }, [pair, side, picture, at, pair.zoom.value, pair.rotation.value]);
  return <canvas class="loupe" ref={canvas} aria-hidden="true" data-testid={`manager-loupe-${side}`} />;
}
