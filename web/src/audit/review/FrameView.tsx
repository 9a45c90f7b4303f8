import { useEffect, useRef, useState } from 'preact/hooks';
import { fileURL, stillURL } from '../api';
import { t } from '../text';
import type { Still } from './line';
import type { Desk } from './session';

/** A still's very frame, decoded from the recording, and how alike the two pictures are. */
export function FrameView({ desk, still }: { desk: Desk; still: Still }) {
  const video = useRef<HTMLVideoElement>(null);
  const [alike, setAlike] = useState<number>();
  const recording = desk.review.facts.recordings.find((each) => each.id === still.recording);
  const ms = desk.frames.value.get(still.recording)?.find((each) => each.n === still.frame)?.ms;
  const begun = desk.begun.value;
  useEffect(() => {
    setAlike(undefined);
    const box = video.current;
    if (!box || ms === undefined) return;
    let old = false;
    const seek = () => (box.currentTime = (ms + 2) / 1000); // into the frame, never before it
    const compare = () => void likeness(box, stillURL(desk.review.room.id, still.sha256)).then((found) => old || setAlike(found), () => undefined);
    box.addEventListener('loadedmetadata', seek);
    box.addEventListener('seeked', compare);
    if (box.readyState > 0) seek();
    return () => {
      old = true;
      box.removeEventListener('loadedmetadata', seek);
      box.removeEventListener('seeked', compare);
    };
  }, [desk, still, ms, begun]);
  if (!recording) return null;
  return (
    <div class="still-picture frame-picture" data-testid="audit-frame" data-alike={alike ?? ''}>
      {begun ? <video ref={video} src={fileURL(desk.review.room.id, recording.file)} preload="auto" muted playsinline tabIndex={-1} aria-label={t('review.recorded', { n: still.frame })} /> : <p class="frame-later quiet">{t('review.frameLater')}</p>}
      <p class="still-labels">
        <span class="over-label figures">{t('review.recorded', { n: still.frame })}</span>
        {alike !== undefined && <span class="over-label figures">{t('review.alike', { n: (100 * alike).toFixed(1) })}</span>}
      </p>
    </div>
  );
}

const sampled = 160; // pixels across; enough to tell two frames alike

/** likeness is the correlation of two pictures' brightness, 1 where they are the same; colours differ by how a browser converts them. */
async function likeness(video: HTMLVideoElement, address: string): Promise<number> {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const [one, other] = [brightness(picture, picture.naturalHeight / picture.naturalWidth), brightness(video, picture.naturalHeight / picture.naturalWidth)];
  const mean = (list: number[]) => list.reduce((sum, each) => sum + each, 0) / list.length;
  const [a, b] = [mean(one), mean(other)];
  let both = 0;
  let first = 0;
  let second = 0;
  one.forEach((value, i) => {
    const [x, y] = [value - a, other[i]! - b];
    both += x * y;
    first += x * x;
    second += y * y;
  });
  return first && second ? both / Math.sqrt(first * second) : first === second ? 1 : 0;
}

function brightness(source: HTMLImageElement | HTMLVideoElement, ratio: number): number[] {
  const canvas = document.createElement('canvas');
  canvas.width = sampled;
  canvas.height = Math.round(sampled * ratio);
  const to = canvas.getContext('2d', { willReadFrequently: true })!;
  to.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = to.getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => 0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]!);
}
