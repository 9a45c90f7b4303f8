import { useEffect, useState } from 'preact/hooks';
import { serverNow } from './times';

/** useNow gives the time by the server's clock, ms since the epoch, and renders again every so often. */
export function useNow(every = 1000): number {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);
  return serverNow();
}
