import type { Code } from '../../protocol';
import { ApiError, faultWords, get, post } from '../../shared/api';
import { setClock } from '../../shared/times';

/** A room's appointment as its seller sees it. */
export interface Appointment {
  /** By the server's clock. */
  now?: string;
  state: string;
  /** Who did not come: 'seller', 'manager'. */
  missed?: string;
  at?: string;
  zone: string;
  language: string;
  sellerName: string;
  managerName: string;
  managerZone: string;
  /** The time can be chosen or moved now. */
  books: boolean;
  cancels: boolean;
  minutes: number;
  /** An address is known: reminders go there. */
  mail: boolean;
  /** The call wants a mailed code first. */
  code: boolean;
  /** Has a place in the instant queue. */
  queued?: boolean;
  /** Days after the call for which something of it is kept, as the room's rules say. */
  keepDays: number;
}

/** A time that can be booked, and the zone of who would hold the call. */
export interface Slot {
  at: string;
  zone: string;
}

export interface Offer {
  slots: Slot[];
  /** Languages that calls are held in. */
  languages: string[];
}

/** The time was taken by somebody else; nearest are what can be had. */
export class TakenError extends ApiError {
  constructor(readonly nearest: Slot[]) {
    super('slot_taken' as Code, faultWords('slot_taken'), false, 409);
  }
}

export const appointment = (signal?: AbortSignal) => get<Appointment>('/api/seller/appointment', signal).then(setClock);
export const offer = (language: string, signal?: AbortSignal) => get<Offer>(`/api/seller/slots?${new URLSearchParams({ language })}`, signal);
export const cancel = () => post<Appointment>('/api/seller/cancel');

/** Books a time; throws TakenError where it can't be had any more, else ApiError. */
export async function book(at: string, zone: string, language: string): Promise<Appointment> {
  try {
    return await post<Appointment>('/api/seller/appointment', { at, zone, language });
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'slot_taken') throw new TakenError((cause.detail['nearest'] as Slot[] | undefined) ?? []);
    throw cause;
  }
}

/** Address of the calendar file. */
export const calendarFile = '/api/seller/appointment.ics';
