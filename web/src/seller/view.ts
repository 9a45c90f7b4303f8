import type { State } from '../protocol';
import type { MediaStatus } from '../shared/rtc';
import type { ServerError, SocketStatus } from '../shared/socket';
import type { Progress } from './progress';

/** Ends and refusals that have a page of their own. */
export type EndKind =
  | 'declined'
  | 'withdrawn'
  | 'aborted'
  | 'cancelled'
  | 'no_show'
  | 'expired'
  | 'purged'
  | 'link_expired'
  | 'link_unknown'
  | 'room_cancelled'
  | 'unauthorized'
  | 'forbidden'
  | 'replacedTab'
  | 'replacedDevice'
  | 'needs_allow'
  | 'browser'
  | 'network'
  | 'other';

/** The screen that a seller sees. */
export type View =
  | { screen: 'loading' | 'welcome' | 'documents' | 'check' | 'consent' | 'waiting' | 'call' | 'lost' | 'ended' | 'result' }
  | { screen: 'end'; kind: EndKind; message?: string };

/** All that the choice of a screen depends on. */
export type Situation = {
  status: SocketStatus;
  fault: ServerError | null;
  replacedBy: string;
  state: State | null;
  media: MediaStatus;
  progress: Progress;
  camera: boolean;
};

const ends: Partial<Record<string, EndKind>> = {
  cancelled: 'cancelled',
  no_show: 'no_show',
  expired: 'expired',
  purged: 'purged',
};

const refusals: EndKind[] = ['link_expired', 'link_unknown', 'room_cancelled', 'unauthorized', 'forbidden', 'needs_allow', 'network'];

/** Which page tells of a refusal with this code. */
export function endOf(code: string): EndKind {
  return refusals.find((kind) => kind === code) ?? (code === 'not_found' ? 'link_unknown' : 'other');
}

/** States with a result to read, which any number of tabs can. */
const over = ['decided', 'in_review', 'closed'];

/** Chooses the screen. */
export function viewOf(now: Situation): View {
  const { status, fault, state } = now;
  if (status === 'replaced' && !(state?.outcome && over.includes(state.room.state))) return { screen: 'end', kind: now.replacedBy === 'device' ? 'replacedDevice' : 'replacedTab' };
  if (fault?.code === 'needs_allow' && status !== 'open') return { screen: 'end', kind: 'needs_allow' };
  if (fault && status === 'closed') return { screen: 'end', kind: endOf(fault.code), message: fault.message };
  if (!state) return { screen: 'loading' };
  return ofRoom(now, state);
}

function ofRoom(now: Situation, state: State): View {
  const kind = ends[state.room.state];
  if (kind) return { screen: 'end', kind };
  switch (state.room.state) {
    case 'aborted':
      return { screen: 'end', kind: abortKind(state) };
    case 'decided':
    case 'in_review':
    case 'closed':
      return { screen: state.outcome ? 'result' : 'ended' };
    case 'ended':
      return { screen: 'ended' };
    case 'waiting':
      return { screen: now.camera ? 'waiting' : 'check' };
    case 'live':
      if (!now.camera) return { screen: 'check' };
      return { screen: now.status === 'lost' && now.media !== 'connected' ? 'lost' : 'call' };
    case 'interrupted':
      return { screen: now.camera ? 'lost' : 'check' };
    default:
      return { screen: now.progress };
  }
}

function abortKind(state: State): EndKind {
  if (state.you.notice === 'declined') return 'declined';
  return state.you.notice === 'withdrawn' ? 'withdrawn' : 'aborted';
}
