import { useEffect, useRef, useState } from 'preact/hooks';
import { fileURL } from '../api';
import { t } from '../text';
import type { Desk } from './session';
import { soundOf, type Peaks } from './sound';

const stretches = 900; // of the whole line

/** The outline of both sides' sound; drawn once the reader plays, for it reads the recordings. */
export function SoundLane({ desk }: { desk: Desk }) {
  const [peaks, setPeaks] = useState<Peaks | 'failed'>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const begun = desk.begun.value;
  const any = desk.line.tracks.seller.length + desk.line.tracks.manager.length > 0;
  useEffect(() => {
    if (!begun || !any) return;
    const stop = new AbortController();
    soundOf(desk.line.tracks, desk.line.length, stretches, (file) => fileURL(desk.review.room.id, file), stop.signal)
      .then(setPeaks)
      .catch(() => stop.signal.aborted || setPeaks('failed'));
    return () => stop.abort();
  }, [desk, begun, any]);
  useEffect(() => {
    if (peaks && peaks !== 'failed' && canvas.current) draw(canvas.current, peaks);
  }, [peaks]);
  if (!any) return <span class="lane-none quiet">{t('lanes.none')}</span>;
  if (!peaks || peaks === 'failed') return <span class="lane-none quiet" aria-busy={begun && !peaks}>{t(peaks ? 'lanes.noSound' : begun ? 'lanes.reading' : 'lanes.soundLater')}</span>;
  return <canvas class="sound" ref={canvas} width={stretches * 2} height={52} data-testid="audit-sound" data-loud={Math.round(1000 * Math.max(...peaks.seller))} aria-hidden="true" />;
}

/** Above the middle the seller, below it the manager. */
function draw(canvas: HTMLCanvasElement, peaks: Peaks): void {
  const to = canvas.getContext('2d');
  if (!to) return;
  const style = getComputedStyle(canvas);
  const most = Math.max(0.05, ...peaks.seller, ...peaks.manager);
  const middle = canvas.height / 2;
  to.clearRect(0, 0, canvas.width, canvas.height);
  for (const [side, colour, up] of [['seller', style.getPropertyValue('--accent'), -1], ['manager', style.getPropertyValue('--text3'), 1]] as const) {
    to.fillStyle = colour;
    peaks[side].forEach((loud, i) => {
      const high = Math.max(1, (loud / most) * (middle - 2));
      to.fillRect(i * 2, up < 0 ? middle - high : middle, 1, high);
    });
  }
}
