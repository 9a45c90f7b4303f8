import { useEffect, useState } from 'preact/hooks';

/** The present in ms since the epoch, four times a second: countdowns and running times. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return now;
}
