import { effect, type ReadonlySignal, type Signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { Progress } from './progress';

const order: readonly Progress[] = ['welcome', 'documents', 'check', 'consent'];

/** The screen that a reload comes back to; the notice is read again after the camera was seen. */
export function resumed(kept: unknown): Progress {
  if (kept === 'consent') return 'check';
  return order.find((each) => each === kept) ?? 'welcome';
}

/**
 * The browser's back button goes to the screen before; in a call it asks first, as the button that leaves does. Every
 * screen after the first is an entry of the history, a reload stays where it was.
 */
export function keepHistory(progress: Signal<Progress>, inCall: ReadonlySignal<boolean>, ask: () => void): void {
  const kept = (): unknown => (history.state as { progress?: unknown } | null)?.progress;
  progress.value = resumed(kept());
  effect(() => {
    const now = progress.value;
    if (now === (kept() ?? 'welcome')) return;
    if (now === 'welcome') history.replaceState({ progress: now }, '');
    else history.pushState({ progress: now }, '');
  });
  effect(() => {
    if (inCall.value && kept() !== 'call') history.pushState({ progress: 'call' }, '');
  });
  addEventListener('popstate', () => {
    if (!inCall.peek()) {
      progress.value = resumed(kept());
      return;
    }
    history.pushState({ progress: 'call' }, '');
    ask();
  });
}

/**
 * A part of a screen that opens over it, '' while none does. It is an entry of the history too: the browser's back button
 * closes it, a reload opens those parts again that are named.
 */
export function usePart<T extends string>(reopened: readonly T[]): [part: T | '', show: (part: T | '') => void] {
  const named = () => (history.state as { part?: T } | null)?.part ?? '';
  const [part, setPart] = useState<T | ''>(() => reopened.find((each) => each === named()) ?? '');
  useEffect(() => {
    const follow = () => setPart(reopened.find((each) => each === named()) ?? '');
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const show = (next: T | '') => {
    if (next === '' && named()) return history.back(); // and the part closes
    if (named()) history.replaceState({ ...history.state, part: next }, '');
    else if (next) history.pushState({ ...history.state, part: next }, '');
    setPart(next);
  };
  return [part, show];
}
