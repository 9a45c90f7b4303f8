import { get, post, put } from '../shared/api';
import type { RoomDetail, RoomRow } from '../shared/room';

export interface Me {
  id: string;
  name: string;
  /** IANA */
  zone: string;
}

/** A decided room in the worklist. */
export interface AuditRow extends RoomRow {
  managerName: string;
  /** UTC */
  decided: string;
  /** digest, hex; empty until sealed */
  bundle: string;
  /** '' where no review was drawn */
  why: string;
  /** verdict, reasons and flags are not in the answer */
  blind: boolean;
  flags: string[];
  profile: string;
  /** the least of all tracks, per mille; -1 where nothing was recorded */
  coverage: number;
  /** of the call, seconds */
  length: number;
  /** the last auditor's; '' while there is none */
  decision: Decision | '';
  agrees: Mark | '';
  /** a seller asked for another look; '' where not */
  appeal: '' | 'open' | 'upheld' | 'overturned';
}

export interface Page {
  rooms: AuditRow[] | null;
  next: string;
  managers: { id: string; name: string }[] | null;
  profiles: string[] | null;
}

/** One entry of a ledger, as the timeline shows it. */
export interface Entry {
  seq: number;
  /** UTC */
  at: string;
  actor: string;
  type: string;
  body: Record<string, unknown> | null;
}

/** A stretch of a time line, milliseconds. */
export interface Gap {
  participant?: string;
  track?: string;
  from_ms: number;
  to_ms: number;
  cause: string;
}

export interface Recording {
  id: string;
  participant: 'seller' | 'manager';
  /** path below data/ */
  file: string;
  /** path of the frame index below data/ */
  frames: string;
  start: string;
  /** of start after the call's begin */
  offset_ms: number;
  duration_ms: number;
  tracks: { kind: string; codec: string; first_ms: number; last_ms: number; frames: number; bytes: number; coverage: number }[];
  /** from the recording's start */
  gaps: Gap[];
}

export interface StillFact {
  slot: string;
  kind: string;
  sha256: string;
  frame_sha256: string;
  width: number;
  height: number;
  at: string;
  recording: string;
  frame: number;
}

/** The bundle's room.json. */
export interface Facts {
  room: string;
  profile: string;
  call: { from: string; to: string };
  recordings: Recording[];
  /** from the call's begin */
  gaps: Gap[];
  captures: StillFact[];
  /** absent in records of before there were any */
  clips?: { slot: string; at: string; ms: number; recording: string; frame: number; last: number }[];
  crops?: { slot: string; still: string; x: number; y: number; width: number; height: number; at: string }[];
  photos?: { slot: string; sha256: string; mime: string; width: number; height: number; announced: string; frame: StillFact }[];
  /** "seller.video" → per mille */
  coverage: Record<string, number>;
}

export type Decision = 'approve' | 'recapture' | 'reject' | 'escalate';
export type Mark = 'same' | 'different';

/** What one auditor decided. */
export interface Opinion {
  /** staff id */
  by: string;
  at: string;
  decision: Decision;
  reasons: string[];
  repeat: string[];
  blind: boolean;
  /** with the manager's verdict; '' where it can't be compared */
  agrees: Mark | '';
  checks: Record<string, Mark>;
  note: string;
}

/** A seller's wish to have a failed outcome looked at again. */
export interface Appeal {
  at: string;
  text: string;
  /** who asks can answer */
  open: boolean;
  /** why not; '' where it is open or answered */
  why: '' | 'review' | 'own' | 'over';
  /** staff id */
  by: string;
  answer: '' | 'upheld' | 'overturned';
  line: string;
}

/** How the room's review stands for who asks. */
export interface ReviewState {
  /** '' where none was drawn */
  why: string;
  /** what the manager thought is not in the answer */
  blind: boolean;
  /** who asks can decide */
  open: boolean;
  opinions: Opinion[];
  /** null where the seller asked for no other look, and while blind */
  appeal: Appeal | null;
  /** the verdict that counts; '' while blind */
  outcome: string;
  items: string[];
}

/** What an auditor sends. */
export interface Decided {
  decision: Decision;
  reasons: string[];
  repeat: string[];
  checks: Record<string, Mark>;
  note: string;
}

/** All that the review shows. */
export interface Review {
  room: RoomDetail;
  review: ReviewState;
  /** of staff, by id */
  names: Record<string, string>;
  facts: Facts;
  timeline: Entry[];
  /** commitment → opened value */
  personal: Record<string, unknown>;
  custody: Entry[];
}

/** What a verification found. */
export interface Report {
  whole: boolean;
  signerKnown: boolean;
  digest?: string;
  signer?: string;
  signedAt?: string;
  checks: { name: string; detail: string; ok: boolean }[] | null;
  /** first wrong item */
  wrong?: string;
}

export const parts = ['queue', 'appeals', 'all', 'reviewed'] as const;
export type Part = (typeof parts)[number];

export interface Filters {
  part: Part;
  /** days in the auditor's zone, "2026-11-26" or '' */
  from: string;
  to: string;
  manager: string;
  verdict: string;
  reason: string;
  flag: string;
  profile: string;
  why: string;
  /** days since the decision, at least; '' for any */
  age: string;
  /** mail address; never in the page's address */
  seller: string;
}

/** What the server is asked; from and to are instants or ''. */
export type Query = Omit<Filters, 'part' | 'age'> & { part: string; cursor: string };

/** A random sample that the server drew. */
export interface Sample {
  id: string;
  at: string;
  by: string;
  /** per mille asked for */
  share: number;
  /** rooms that it was drawn from */
  of: number;
  seed: string;
  rooms: string[];
}

/** A filter with a name; query is of the page's address. */
export interface SavedView {
  name: string;
  query: string;
}

/** How often both said the same. */
export interface Rate {
  name: string;
  same: number;
  of: number;
}

/** How auditors and account managers agree. */
export interface Agreement {
  same: number;
  of: number;
  blind: number;
  /** Cohen's kappa, null where the cases don't allow it */
  kappa: number | null;
  low: number;
  high: number;
  weeks: Rate[];
  managers: Rate[];
  auditors: Rate[];
  reasons: Rate[];
  cells: { verdict: string; outcome: string; count: number }[];
  from: string;
  to: string;
  whole: boolean;
  names: Record<string, string>;
}

const base = '/api/audit';
const room = (id: string) => `${base}/rooms/${encodeURIComponent(id)}`;

export const me = (signal?: AbortSignal) => get<Me>(`${base}/me`, signal);

const given = (query: Record<string, string>) => new URLSearchParams(Object.entries(query).filter(([, value]) => value));

/** One page of decided rooms. A seller's address goes into the body, never into an address. */
export function rooms(query: Query, signal?: AbortSignal): Promise<Page> {
  const { seller, ...rest } = query;
  if (!seller) return get<Page>(`${base}/rooms?${given(rest)}`, signal);
  return post<Page>(`${base}/find`, Object.fromEntries(Object.entries(query).filter(([, value]) => value)), signal);
}

export const samples = (signal?: AbortSignal) => get<{ samples: Sample[] }>(`${base}/samples`, signal);
export const drawSample = (ask: { percent: number; from?: string; to?: string; manager: string; profile: string }) => post<Sample>(`${base}/samples`, ask);
export const savedViews = (signal?: AbortSignal) => get<{ views: SavedView[] }>(`${base}/views`, signal);
export const saveViews = (views: SavedView[]) => put<{ views: SavedView[] }>(`${base}/views`, { views });
export const agreement = (query: { from: string; to: string; manager: string }, signal?: AbortSignal) => get<Agreement>(`${base}/agreement?${given(query)}`, signal);

/** Opens a record; the view is logged. */
export const review = (id: string, signal?: AbortSignal) => get<Review>(room(id), signal);
/** Gives an opinion; it stands in the custody ledger. */
export const decide = (id: string, decided: Decided) => post<ReviewState>(`${room(id)}/decision`, decided);
/** Answers a seller's appeal; line is what the seller reads. */
export const answerAppeal = (id: string, answer: 'upheld' | 'overturned', line: string) => post<ReviewState>(`${room(id)}/appeal`, { answer, line });
export const verify = (id: string, signal?: AbortSignal) => get<Report>(`${room(id)}/verify`, signal);
export const zipURL = (id: string) => `${room(id)}/bundle.zip`;
/** Address of a file of the bundle, by its path below data/. */
export const fileURL = (id: string, path: string) => `${room(id)}/files/data/${path}`;
/** A sensor photo, without its metadata. */
export const photoURL = (id: string, sha256: string, mime: string) => fileURL(id, `photos/${sha256}${endings[mime] ?? '.bin'}`);
/** A clip, cut out of its recording; n counts from 1. */
export const clipURL = (id: string, n: number) => `${room(id)}/clips/${n}.webm`;
export const stillURL = (id: string, sha256: string) => fileURL(id, `stills/${sha256}.webp`);

const endings: Record<string, string> = { 'image/jpeg': '.jpg', 'image/png': '.png', 'application/pdf': '.pdf' };
export const documentURL = (id: string, sha256: string, mime: string) => fileURL(id, `documents/${sha256}${endings[mime] ?? '.bin'}`);

/** One line of a frame index. */
export interface Frame {
  n: number;
  track: string;
  /** from the recording's start */
  ms: number;
  key: boolean;
  sha256: string;
}

/** The video frames of a recording, in order. */
export async function frames(id: string, recording: Recording, signal?: AbortSignal): Promise<Frame[]> {
  const answer = await fetch(fileURL(id, recording.frames), { credentials: 'same-origin', signal: signal ?? null });
  if (!answer.ok) throw new Error(`frame index: ${answer.status}`);
  const lines = (await answer.text()).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Frame).filter((frame) => frame.track === 'video');
}
