import { effect, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Progress } from './visit';

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
