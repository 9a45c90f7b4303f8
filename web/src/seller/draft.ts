import { useState } from 'preact/hooks';
import { ofTab } from '../shared/kept';

/**
 * Words that somebody types, kept in this tab alone: the back button, a reload and another language leave them. Setting
 * them to '' erases them, as is done once they are sent. of names them, with the room that they belong to.
 */
export function useDraft(of: string): [words: string, set: (words: string | ((before: string) => string)) => void] {
  const place = `verifycall.draft.${of}`;
  const [words, setWords] = useState(() => ofTab.read(place));
  const set = (next: string | ((before: string) => string)) =>
    setWords((before) => {
      const now = typeof next === 'string' ? next : next(before);
      ofTab.write(place, now);
      return now;
    });
  return [words, set];
}
