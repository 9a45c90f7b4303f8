import { useEffect, useState } from 'preact/hooks';
import { lumaOf, measure, type Cause } from '../../shared/legibility';

const period = 400; // ms between looks
const largest = 1280; // px of the looked-at picture's longer side
const steady = 2; // looks in a row that agree before the words change
const least = 1500; // ms that words stand

/** useHint looks at the own picture a few times a second while a document is asked for; null before the first. */
export function useHint(stage: { current: HTMLElement | null }, step: string): Cause | null {
  const [hint, setHint] = useState<Cause | null>(null);
  useEffect(() => {
    setHint(null);
    if (step !== 'DOC_FRONT' && step !== 'DOC_BACK') return;
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    let last: Cause | null = null;
    let same = 0;
    let changed = 0;
    const timer = setInterval(() => {
      const video = stage.current?.querySelector<HTMLVideoElement>('.picture.large video');
      if (!context || !video?.videoWidth || document.hidden) return;
      const scale = Math.min(1, largest / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const { cause } = measure(lumaOf(context.getImageData(0, 0, canvas.width, canvas.height)), step === 'DOC_FRONT');
      same = cause === last ? same + 1 : 1;
      last = cause;
      if (same < steady || Date.now() - changed < least) return;
      setHint((before) => {
        if (before !== cause) changed = Date.now();
        return cause;
      });
    }, period);
    return () => clearInterval(timer);
  }, [step]);
  return hint;
}
