import { get } from '../shared/api';
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
}

export interface Page {
  rooms: AuditRow[] | null;
  next: string;
  managers: { id: string; name: string }[] | null;
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
  photos?: { slot: string; sha256: string; mime: string; width: number; height: number; announced: string; frame: StillFact }[];
  /** "seller.video" → per mille */
  coverage: Record<string, number>;
}

/** All that the review shows. */
export interface Review {
  room: RoomDetail;
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

export interface Filters {
  /** days in the auditor's zone, "2026-11-26" or '' */
  from: string;
  to: string;
  manager: string;
  verdict: string;
}

const base = '/api/audit';
const room = (id: string) => `${base}/rooms/${encodeURIComponent(id)}`;

export const me = (signal?: AbortSignal) => get<Me>(`${base}/me`, signal);

/** One page of decided rooms; from and to are instants or ''. */
export function rooms(query: { from: string; to: string; manager: string; verdict: string; cursor: string }, signal?: AbortSignal): Promise<Page> {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return get<Page>(`${base}/rooms?${given}`, signal);
}

/** Opens a record; the view is logged. */
export const review = (id: string, signal?: AbortSignal) => get<Review>(room(id), signal);
export const verify = (id: string, signal?: AbortSignal) => get<Report>(`${room(id)}/verify`, signal);
export const zipURL = (id: string) => `${room(id)}/bundle.zip`;
/** Address of a file of the bundle, by its path below data/. */
export const fileURL = (id: string, path: string) => `${room(id)}/files/data/${path}`;
/** A sensor photo, without its metadata. */
export const photoURL = (id: string, sha256: string, mime: string) => fileURL(id, `photos/${sha256}${endings[mime] ?? '.bin'}`);
/** A clip, cut out of its recording; n counts from 1. */
export const clipURL = (id: string, n: number) => `${room(id)}/clips/${n}.webm`;
export const stillURL = (id: string, sha256: string) => fileURL(id, `stills/${sha256}.webp`);

const endings: Record<string, string> = { 'image/jpeg': '.jpg', 'image/png': '.png' };
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
