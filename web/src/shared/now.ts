import { useEffect, useState } from 'preact/hooks';

/** useNow gives the time, ms since the epoch, and renders again every so often. */
export function useNow(every = 1000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
