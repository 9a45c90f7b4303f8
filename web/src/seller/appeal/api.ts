import { get, post } from '../../shared/api';

/** What a seller can do about an outcome, and what came of it. */
export interface Recourse {
  /** Another look can be asked for now. */
  able: boolean;
  /** Until when. */
  until?: string;
  /** Another look was asked for. */
  asked?: string;
  answer: '' | 'upheld' | 'overturned';
  answered?: string;
  /** The auditor's words. */
  line: string;
  /** Another call can be had. */
  again: boolean;
  /** Appointment of that call. */
  next?: string;
}

/** Longest words of an appeal, in characters. */
export const longestAppeal = 1500;

export const recourse = (signal?: AbortSignal) => get<Recourse>('/api/seller/appeal', signal);
export const askAgain = (text: string) => post<Recourse>('/api/seller/appeal', { text });
/** The link of the other call; wants a code where there is a mail address. */
export const another = () => post<{ link: string }>('/api/seller/again');
