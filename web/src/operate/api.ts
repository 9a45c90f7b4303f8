import { get, post } from '../shared/api';

/** The signed-in operator. */
export interface Me {
  id: string;
  name: string;
  /** IANA */
  zone: string;
}

/** One call, as much of it as an operator may see. */
export interface CallNow {
  room: string;
  state: 'live' | 'interrupted';
  since: string;
  manager: string;
  /** of the plan, from 1; 0 before the first */
  step: number;
  steps: number;
  /** ‰ recorded, and that a pass needs */
  coverage: number;
  floor: number;
  kbps: number;
  returning: '' | 'seller' | 'manager';
  /** why nothing is recorded; '' while it is */
  failing: string;
  test: boolean;
  /** coverage, kbps, returning and failing are known: it runs on the node that answered */
  figures: boolean;
}

export interface Waiting {
  room: string;
  language: string;
  since: string;
  at?: string;
  manager: string;
  queued: boolean;
  away: boolean;
}

export interface Manager {
  id: string;
  name: string;
  languages: string[];
  room: string;
  certified?: string;
  /** Of the desk: whether the instant queue may call. */
  status: 'online' | 'break' | 'offline';
}

export interface Node {
  id: string;
  load: number;
  draining: boolean;
  version: string;
}

/** All that the wall shows. */
export interface WallNow {
  now: string;
  calls: CallNow[];
  waiting: Waiting[];
  managers: Manager[];
  nodes: Node[];
  noShows: Record<string, number>;
  booked: number;
  spans: { from: string; to?: string }[];
  here: string;
  /** µs */
  redis: number;
  /** recorded media on the disk of the node that answered: bytes, and s since the store took them */
  spool: { bytes: number; limit: number; behind: number; alarm: '' | 'full' | 'filling' | 'behind' };
}

/** A rule set; see docs/decisions/0025-drawn-plans.md. */
export interface Rules {
  name: string;
  version: number;
  title: string;
  documents: string[];
  slots: string[];
  compare: string[];
  features: { count: number; optically_variable: number };
  challenges: { count: number; from: string[] };
  questions: { count: number; from: string[] };
  coverage_floor: number;
  capture_tries: number;
  code: boolean;
  code_step?: boolean;
  interrupted: { grace_s: number; then: 'resume' | 'abort' };
  late: { seller_min: number; manager_min: number };
  review: { share: number; close_days: number };
  retention: { recording: number; stills: number; documents: number; record: number };
}

export const me = (signal?: AbortSignal) => get<Me>('/api/operate/me', signal);
export const wall = (signal?: AbortSignal) => get<WallNow>('/api/operate/wall', signal);
export const profiles = (signal?: AbortSignal) => get<{ profiles: { id: string; sha256: string; rules: Rules }[] }>('/api/operate/profiles', signal);

export type KeptPart = 'due' | 'held' | 'purged';

/** How long a room's evidence is kept, and what has become of it. */
export interface Keeping {
  room: string;
  state: string;
  kept: { class: string; until: string }[];
  hold: { reason: string; by: string; since: string } | null;
  purging: { classes: string[]; policy: string } | null;
  purged: string[];
  /** of one room alone */
  tombstones: { at: string; classes: string[]; policy: string; by: string }[];
}

/** Why evidence can be held. */
export const holdReasons = ['litigation', 'authority', 'complaint', 'fraud', 'other'] as const;

const room = (id: string) => `/api/operate/rooms/${encodeURIComponent(id)}`;
export const keptRooms = (part: KeptPart, signal?: AbortSignal) => get<{ rooms: (Keeping & { due?: string })[]; next: string }>(`/api/operate/keeping?part=${part}`, signal);
export const keepingOf = (id: string, signal?: AbortSignal) => get<Keeping>(`${room(id)}/keeping`, signal);
export const placeHold = (id: string, reason: string) => post<Keeping>(`${room(id)}/hold`, { reason });
export const releaseHold = (id: string) => post<Keeping>(`${room(id)}/release`);
/** Lets a node, 'self' for the only one, finish its calls and take no new ones. */
export const drainNode = (id: string) => post<{ draining: boolean; calls: number }>(`/api/operate/nodes/${encodeURIComponent(id)}/drain`);
