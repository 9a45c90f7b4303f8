import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api';

/** What is known of something that a page loads. */
export interface Load<T> {
  /** Last good answer for this key. */
  value?: T;
  /** Why the last try failed; together with a value it means that the value is old. */
  fault?: ApiError;
  /** When value arrived, ms since the epoch. */
  at: number;
  reload: () => void;
}

/**
 * useLoad loads something named by key, again when the key changes, when reload
 * is called and, while the page is visible (or hidden too), every so many
 * milliseconds.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, every = 0, hidden = false): Load<T> {
  const [known, setKnown] = useState<{ key: string; value?: T; fault?: ApiError; at: number }>({ key, at: 0 });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const run = async () => {
      try {
        const value = await latest.current(stop.signal);
        if (!stop.signal.aborted) setKnown({ key, value, at: Date.now() });
      } catch (cause) {
        if (stop.signal.aborted) return;
        const fault = cause instanceof ApiError ? cause : new ApiError('internal', String(cause), true, 0);
        setKnown((before) => (before.key === key ? { ...before, fault } : { key, fault, at: 0 }));
      }
      if (every && !stop.signal.aborted) timer = window.setTimeout(next, every);
    };
    const next = () => (document.hidden && !hidden ? (timer = window.setTimeout(next, every)) : void run());
    void run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, every, hidden, turn]);
  const mine = known.key === key ? known : { at: 0 };
  return { ...mine, reload: () => setTurn((n) => n + 1) };
}
