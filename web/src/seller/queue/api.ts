import { get, post } from '../../shared/api';

/** How a seller stands in the instant queue. */
export interface Place {
  /** It can be joined: somebody is there who can take this seller, or on a break. */
  open: boolean;
  /** Those who can take this seller are on a break. */
  break: boolean;
  joined: boolean;
  /** 1 is next; of one who would join now, where not joined. */
  place: number;
  /** Expected wait, -1 where nobody is there now, or all are on a break. */
  minutes: number;
  /** Until when the place is kept of one who left. */
  away?: string;
  /** Minutes that a place is kept. */
  keeps: number;
  /** It is this seller's turn. */
  ready: boolean;
  managerName?: string;
  /** Until when a seller whose turn it is can come. */
  comeBy?: string;
}

const base = '/api/seller/queue';

export const place = (signal?: AbortSignal) => get<Place>(base, signal);
export const join = () => post<Place>(base, {});
export const stepAway = () => post<Place>(`${base}/away`, {});
export const leave = () => post<Place>(`${base}/leave`, {});

/** Says that the page closes: the place is kept. The browser sends it although nobody waits for an answer. */
export function closing(): void {
  navigator.sendBeacon?.(`${base}/away`, new Blob(['{}'], { type: 'application/json' }));
}
