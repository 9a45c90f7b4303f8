import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { completeTexts } from '../shared/i18n';
import { End } from './After';

/**
 * A screen that is fetched when it is first shown, or asked for ahead: the page opens with what every seller sees. Where
 * it can't be fetched (no network, or a newer server has it under another name) the page says so and loads anew.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>, meanwhile: () => preact.JSX.Element): { Screen: (props: P) => preact.JSX.Element; ahead: () => void } {
  const part = signal<ComponentType<P> | null>(null);
  const failed = signal(false);
  const fetch = (): void => {
    if (part.peek()) return;
    failed.value = false;
    load().then(
      async (loaded) => {
        await completeTexts().catch(() => undefined); // in English rather than not at all
        part.value = loaded;
      },
      () => (failed.value = true),
    );
  };
  function Screen(props: P) {
    useEffect(fetch, []);
    const Part = part.value;
    if (Part) return <Part {...props} />;
    return failed.value ? <End kind="network" act={() => location.reload()} /> : meanwhile();
  }
  return { Screen, ahead: fetch };
}
