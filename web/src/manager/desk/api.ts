import { get, post } from '../../shared/api';

export const statuses = ['online', 'break', 'offline'] as const;
export type Status = (typeof statuses)[number];

/** A seller in the instant queue. */
export interface Queued {
  room: string;
  language: string;
  since: string;
  /** Left, and keeps the place. */
  away: boolean;
  /** The signed-in manager can take the seller. */
  yours: boolean;
}

/** How the own desk and the queue stand. */
export interface Desk {
  status: Status;
  since?: string;
  /** That the manager is busy with. */
  room?: string;
  /** The room is from the queue, its seller waits. */
  turn: boolean;
  /** Why nobody is sent although online. */
  bar?: 'certificate' | 'full' | 'next';
  waiting: Queued[];
}

const base = '/api/manager/desk';

export const desk = (signal?: AbortSignal) => get<Desk>(base, signal);
export const setDesk = (status: Status) => post<Desk>(base, { status });
