import type { Entry, Review } from '../api';
import { plain, t, word } from '../text';

/** What an entry of the ledger says, in words. */
export interface Said {
  title: string;
  text: string;
  /** staff alone may know it */
  staff: boolean;
}

/** say reads an entry, with its commitments opened. */
export function say(entry: Entry, personal: Review['personal']): Said {
  const body = entry.body ?? {};
  const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : '');
  const opened = (key: string) => open(personal, body[key]);
  const title = word('entry', entry.type) || plain(entry.type);
  switch (entry.type) {
    case 'step':
      return { title, text: word('step', text('step')) || text('step'), staff: false };
    case 'step_result':
      return { title, text: [word('step', text('step')) || text('step'), word('stepResult', text('result')) || text('result'), text('reason') && (word('skip', text('reason')) || plain(text('reason')))].filter(Boolean).join(', '), staff: false };
    case 'crop':
      return { title, text: `${word('slot', text('slot')) || text('slot')}, ${t('review.size', { width: Number(body.width), height: Number(body.height) })}`, staff: false };
    case 'code_failed':
      return { title, text: t('review.triesLeft', { count: Number(body.left) }), staff: false };
    case 'photo_announced':
    case 'capture':
      return { title: word('captureKind', text('kind')) || title, text: [word('slot', text('slot')) || text('slot'), body.frame ? t('review.frame', { n: String(body.frame) }) : ''].filter(Boolean).join(', '), staff: false };
    case 'compare':
      return { title, text: [`${word('item', text('item'))}: ${word('decision', text('decision'))}`, opened('typed')].filter(Boolean).join(', '), staff: false };
    case 'chat':
      return { title: `${title}, ${word('who', text('from')) || text('from')}`, text: opened('text'), staff: false };
    case 'staff_note': {
      const note = noteOf(personal, body.content);
      return { title: note.code ? word('flag', note.code) || note.code : title, text: note.text, staff: true };
    }
    case 'notice':
      return { title: `${title}, ${word('who', text('who')) || text('who')}`, text: [word('answer', text('answer')) || text('answer'), text('version')].filter(Boolean).join(', '), staff: false };
    case 'verdict':
      return { title, text: [word('verdict', text('verdict')), ...list(body.reasons), opened('line')].filter(Boolean).join(', '), staff: false };
    default:
      return { title, text: [causeWords(text('cause')), reasonWords(text('reason')), text('by') && (word('who', text('by')) || plain(text('by')))].filter(Boolean).join(', '), staff: false };
  }
}

/** causeWords says why something ended or is missing, as calls and recorder name it. */
export function causeWords(cause: string): string {
  return cause && (word('cause', cause) || word('reason', cause) || plain(cause));
}

function reasonWords(code: string): string {
  return code && [word('reason', code), code].filter(Boolean).join(', ');
}

function open(personal: Review['personal'], commitment: unknown): string {
  const value = typeof commitment === 'string' ? personal[commitment] : undefined;
  return typeof value === 'string' ? value : '';
}

/** The code and text of a note or silent flag. */
export function noteOf(personal: Review['personal'], commitment: unknown): { code: string; text: string } {
  const value = typeof commitment === 'string' ? personal[commitment] : undefined;
  const note = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const get = (name: string) => String(note[name] ?? note[name.charAt(0).toUpperCase() + name.slice(1)] ?? '');
  return { code: get('code'), text: get('text') };
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Lanes of the timeline by the type of entry. */
export const laneOf: Record<string, 'captures' | 'compare' | 'chat' | 'staff' | 'entries'> = {
  capture: 'captures',
  photo_announced: 'captures',
  crop: 'captures',
  compare: 'compare',
  chat: 'chat',
  staff_note: 'staff',
  step: 'entries', // drawn as a bar of its own
};

/** What was typed and decided for each compared item, the last word of each. */
export function comparisons(timeline: readonly Entry[], personal: Review['personal']): Map<string, { decision: string; typed: string }> {
  const last = new Map<string, { decision: string; typed: string }>();
  for (const { type, body } of timeline) {
    if (type === 'compare' && body) last.set(String(body.item), { decision: String(body.decision), typed: open(personal, body.typed) });
  }
  return last;
}

/** The line to the seller that went with the verdict. */
export function lineToSeller(timeline: readonly Entry[], personal: Review['personal']): string {
  const verdict = timeline.filter((entry) => entry.type === 'verdict').at(-1);
  return open(personal, verdict?.body?.line);
}
