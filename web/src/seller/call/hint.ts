import { useEffect, useState } from 'preact/hooks';
import { lumaOf, measure, type Cause } from '../../shared/legibility';

const period = 400; // ms between looks
const largest = 1280; // px of the looked-at picture's longer side
const steady = 2; // looks in a row that agree before the words change
const least = 1500; // ms that words stand

/** What was seen in the own picture: why a document can't be read, '' if it can, and how bright it is (luma, 0 to 255). */
export type Look = { cause: Cause; bright: number };

const steps: Partial<Record<string, boolean>> = { DOC_FRONT: true, DOC_BACK: false }; // whether a machine-readable zone is expected

/** useHint looks at the own picture a few times a second while a document is asked for; null before the first. */
export function useHint(stage: { current: HTMLElement | null }, step: string): Cause | null {
  return useLook(stage, '.picture.large video', steps[step])?.cause ?? null;
}

/** useLook looks at a video a few times a second, and at none where zone is undefined; null before the first look. */
export function useLook(stage: { current: HTMLElement | null }, selector: string, zone: boolean | undefined): Look | null {
  const [look, setLook] = useState<Look | null>(null);
  useEffect(() => {
    setLook(null);
    if (zone === undefined) return;
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    let last: Cause | null = null;
    let same = 0;
    let changed = 0;
    const timer = setInterval(() => {
      const video = stage.current?.querySelector<HTMLVideoElement>(selector);
      if (!context || !video?.videoWidth || document.hidden) return;
      const scale = Math.min(1, largest / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const { cause, bright } = measure(lumaOf(context.getImageData(0, 0, canvas.width, canvas.height)), zone);
      same = cause === last ? same + 1 : 1;
      last = cause;
      if (same < steady || Date.now() - changed < least) return;
      setLook((before) => {
        if (before?.cause !== cause) changed = Date.now();
        return before?.cause === cause && Math.abs(before.bright - bright) < 8 ? before : { cause, bright };
      });
    }, period);
    return () => clearInterval(timer);
  }, [selector, zone]);
  return look;
}
