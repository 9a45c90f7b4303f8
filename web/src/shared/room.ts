import type { CaptureView, Document } from '../protocol';

/** States of a room that staff see. */
export type RoomState =
  | 'invited' | 'booked' | 'waiting' | 'live' | 'interrupted' | 'ended' | 'decided' | 'in_review' | 'closed' | 'purged'
  | 'cancelled' | 'no_show' | 'expired' | 'aborted'
  /** on lists only: its record can't be used, nothing else of the row is known */
  | 'damaged';

export type VerdictWord = 'pass' | 'recapture' | 'refer' | 'fail' | 'abort';

/** One line of a list of rooms, as the staff interfaces give it. */
export interface RoomRow {
  id: string;
  state: RoomState;
  cause: string;
  /** start, UTC */
  at: string;
  /** the seller's, IANA */
  zone: string;
  language: string;
  sellerName: string;
  test: boolean;
  verdict: VerdictWord | '';
  reasons: string[] | null;
  /** id of the account manager */
  manager: string;
}

/** A whole room, as its manager and an auditor may see it. */
export interface RoomDetail extends RoomRow {
  sellerMail: string;
  application: Record<string, string> | null;
  documents: Document[] | null;
  captures: CaptureView[] | null;
  sealed: boolean;
  /** bundle digest, hex, once sealed */
  bundle: string;
}

/** A room that its account manager opens, with what is known before the call. */
export interface RoomBrief extends RoomDetail {
  /** codes of the screening, staff only */
  hints: string[];
  /** code of who helps the seller, '' for nobody */
  helper: string;
  /** rooms that this one goes on from, the latest first */
  earlier: { id: string; at: string; verdict: VerdictWord | ''; reasons: string[] }[];
}

/** Order in which the fields of an application are shown; others follow in their own order. */
const fieldOrder = ['surname', 'given_names', 'birth_date', 'document_type', 'document_number', 'expiry_date', 'address', 'business'];

/** applied lists the filed fields in reading order, without empty ones. */
export function applied(application: Record<string, string> | null | undefined): [field: string, value: string][] {
  const rank = (field: string) => (fieldOrder.indexOf(field) + 1 || fieldOrder.length + 1);
  return Object.entries(application ?? {})
    .filter(([, value]) => value)
    .sort(([a], [b]) => rank(a) - rank(b));
}

/** Name of a language in the reader's own words: "German" for de. */
export function languageName(code: string, reader: string): string {
  try {
    return new Intl.DisplayNames([reader], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}
