import { useState } from 'preact/hooks';

/**
 * Words that somebody types, kept in this tab alone: the back button, a reload and another language leave them. Setting
 * them to '' erases them, as is done once they are sent. of names them, with the room that they belong to.
 */
export function useDraft(of: string): [words: string, set: (words: string | ((before: string) => string)) => void] {
  const place = `verifycall.draft.${of}`;
  const [words, setWords] = useState(() => kept(place));
  const set = (next: string | ((before: string) => string)) =>
    setWords((before) => {
      const now = typeof next === 'string' ? next : next(before);
      keep(place, now);
      return now;
    });
  return [words, set];
}

function kept(place: string): string {
  try {
    return sessionStorage.getItem(place) ?? '';
  } catch {
    return ''; // a browser that keeps nothing
  }
}

function keep(place: string, words: string): void {
  try {
    if (words) sessionStorage.setItem(place, words);
    else sessionStorage.removeItem(place);
  } catch {
    // they hold while the screen is shown
  }
}
