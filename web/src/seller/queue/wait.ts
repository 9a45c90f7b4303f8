import { t } from '../text';
import type { Place } from './api';

/** The expected wait in words, by the minutes that the server says. */
export function waitWords(minutes: number): string {
  if (minutes < 0) return t('queue.waitUnknown');
  return minutes === 0 ? t('queue.waitNow') : t('queue.waitMinutes', { count: minutes });
}

/** The place in words. */
export function placeWords(place: number): string {
  return place <= 1 ? t('queue.next') : t('queue.number', { place });
}

/** What a seller in the queue is told below the place. */
export function leadWords(now: Place): string {
  if (now.break) return t('queue.onBreak');
  return now.minutes < 0 ? t('queue.nobody') : t('queue.lead');
}
