import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { place } from '../../shared/times';

const zones: string[] = Intl.supportedValuesOf('timeZone');

/** Longest work on names at a time, ms; on a slow phone one name costs one. */
const slice = 6;

type Names = Map<string, string>;

/** The choice of the seller's zone. The names of all 400, each with its offset, are made in pauses, or at once for who opens the list before. */
export function ZoneChoice({ zone, onChoose }: { zone: string; onChoose: (zone: string) => void }) {
  const [all, setAll] = useState<Names | null>(null);
  const begun = useRef<Names>(new Map());
  const complete = (until = Infinity): boolean => {
    for (const name of zones) {
      if (performance.now() > until) return false;
      if (!begun.current.has(name)) begun.current.set(name, place(new Date(), name));
    }
    setAll(begun.current);
    return true;
  };
  useEffect(() => {
    let timer = 0;
    const go = () => {
      if (!complete(performance.now() + slice)) timer = window.setTimeout(go, 2 * slice);
    };
    timer = window.setTimeout(go, 2 * slice);
    return () => clearTimeout(timer);
  }, []);
  const options = useMemo(() => all && [...all].map(([name, words]) => <option value={name} key={name}>{words}</option>), [all]);
  const now = () => void (all ?? complete());
  return (
    <select data-testid="booking-zone" value={zone} onPointerDown={now} onFocus={now} onChange={(event) => onChoose(event.currentTarget.value)}>
      {!all?.has(zone) && <option value={zone} key={zone}>{place(new Date(), zone)}</option>}
      {options}
    </select>
  );
}
