import { t } from '../text';

/** The expected wait in words, by the minutes that the server says. */
export function waitWords(minutes: number): string {
  if (minutes < 0) return t('queue.waitUnknown');
  return minutes === 0 ? t('queue.waitNow') : t('queue.waitMinutes', { count: minutes });
}

/** The place in words. */
export function placeWords(place: number): string {
  return place <= 1 ? t('queue.next') : t('queue.number', { place });
}
