import { Reasons, Verdicts, type Missing } from '../../protocol';
import type { VerdictWord } from '../../shared/room';
import { word } from '../text';

export const verdictWords = Verdicts as readonly VerdictWord[];

export const mostReasons = 8;
export const longestLine = 240; // characters

/** Groups of reasons by the first letter of their code, in reading order. */
export const groups = ['Q', 'D', 'M', 'C', 'P'] as const;

/** What the manager has chosen so far. */
export interface Choice {
  verdict: VerdictWord | '';
  reasons: string[];
  repeat: string[];
  line: string;
}

export const nothing: Choice = { verdict: '', reasons: [], repeat: [], line: '' };

/** The first thing that keeps a choice from being sent, or '' when it can be. */
export type Fault = '' | 'needChoice' | 'locked' | 'needReason' | 'needRepeat';

export function faultOf({ verdict, reasons, repeat }: Choice, missing: readonly Missing[]): Fault {
  if (!verdict) return 'needChoice';
  if (verdict === 'pass') return missing.length ? 'locked' : '';
  if (!reasons.length) return 'needReason';
  return verdict === 'recapture' && !repeat.length ? 'needRepeat' : '';
}

/** reasonsOf lists the reasons of a group whose word or code holds the letters. */
export function reasonsOf(group: string, letters: string): string[] {
  const sought = letters.trim().toLowerCase();
  return Reasons.filter((code) => code.startsWith(`${group}_`) && `${word('reason', code)} ${code}`.toLowerCase().includes(sought));
}

/** toSend is a choice as the protocol wants it: what doesn't go with the verdict is left out. */
export function toSend({ verdict, reasons, repeat, line }: Choice) {
  return {
    verdict,
    ...(verdict !== 'pass' && reasons.length ? { reasons } : {}),
    ...(verdict === 'recapture' && repeat.length ? { repeat } : {}),
    ...(line.trim() ? { line: line.trim() } : {}),
  };
}
