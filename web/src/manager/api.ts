import { get, post, postOnce } from '../shared/api';
import type { Availability } from './agenda/hours';
import type { RoomBrief, RoomRow } from '../shared/room';

/** Who is signed in. */
export interface Me {
  id: string;
  name: string;
  /** IANA */
  zone: string;
}

/** What a new room is made of. Without at the call can begin at once. */
export interface NewRoom {
  seller: { name: string; mail: string };
  language: string;
  zone: string;
  at?: string;
  /** The seller chooses the time. */
  book?: boolean;
  application: Record<string, string>;
  documents: { kind: string; data: string }[];
}

const base = '/api/manager';
const room = (id: string) => `${base}/rooms/${encodeURIComponent(id)}`;

export const me = (signal?: AbortSignal) => get<Me>(`${base}/me`, signal);

/** All rooms with a start in [from, to), by as many pages as it takes. */
export async function rooms(from: Date, to: Date, signal?: AbortSignal): Promise<RoomRow[]> {
  const all: RoomRow[] = [];
  let cursor = '';
  do {
    const query = new URLSearchParams({ from: from.toISOString(), to: to.toISOString() });
    if (cursor) query.set('cursor', cursor);
    const page = await get<{ rooms: RoomRow[] | null; next: string }>(`${base}/rooms?${query}`, signal);
    all.push(...(page.rooms ?? []));
    cursor = page.next;
  } while (cursor);
  return all;
}

/** The brief of a room; a server of before says nothing of hints, helper and earlier rooms. */
export const detail = (id: string, signal?: AbortSignal) => get<RoomBrief>(room(id), signal).then((brief) => ({ ...brief, hints: brief.hints ?? [], helper: brief.helper ?? '', earlier: brief.earlier ?? [] }));
export const create = (made: NewRoom, key: string) => postOnce<{ id: string; sellerLink: string }>(`${base}/rooms`, made, key);
export const newLink = (id: string) => post<{ sellerLink: string }>(`${room(id)}/link`);
/** A new link; those before it stop working. */
export const replaceLink = (id: string) => post<{ sellerLink: string }>(`${room(id)}/link/replace`);
export const cancel = (id: string) => post<void>(`${room(id)}/cancel`);
export const reschedule = (id: string, at: Date) => post<void>(`${room(id)}/reschedule`, { at: at.toISOString() });

export const availability = (signal?: AbortSignal) => get<Availability>(`${base}/availability`, signal);
export const setAvailability = (terms: Availability) => post<Availability>(`${base}/availability`, terms);

/** Address of a filed document's picture. */
export const documentURL = (id: string, sha256: string) => `${room(id)}/documents/${sha256}`;
/** Address of a copy of a sensor photo, without its metadata. */
export const photoURL = (id: string, sha256: string) => `${room(id)}/photos/${sha256}`;
/** Address of a capture's picture. */
export const stillURL = (id: string, sha256: string) => `${room(id)}/stills/${sha256}.webp`;
