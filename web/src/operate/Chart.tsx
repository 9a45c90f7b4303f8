import { clock } from '../shared/times';
import { running } from './order';
import { t } from './text';

const hours = 8;
const steps = 96; // of five minutes each

/** How many calls ran at a time over the last hours. */
export function Chart({ spans, now, zone }: { spans: { from: string; to?: string }[]; now: number; zone: string }) {
  const instants = Array.from({ length: steps + 1 }, (_, i) => now - (hours * 3600e3 * (steps - i)) / steps);
  const counts = running(spans, instants);
  const peak = Math.max(...counts);
  const top = Math.max(4, peak);
  const x = (i: number) => (100 * i) / steps;
  const y = (n: number) => 58 - (52 * n) / top;
  const line = counts.map((n, i) => `${x(i)},${y(n)}`).join(' ');
  return (
    <figure class="card chart">
      <figcaption>
        <b>{t('chart')}</b>
        <span class="quiet figures">{peak ? t('peak', { count: peak, time: clock(new Date(instants[counts.indexOf(peak)]!), zone) }) : t('noPeak')}</span>
      </figcaption>
      <svg viewBox="0 0 100 60" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <line x1="0" x2="100" y1={y(top)} y2={y(top)} />
        <line x1="0" x2="100" y1={y(top / 2)} y2={y(top / 2)} />
        <polygon points={`0,60 ${line} 100,60`} />
        <polyline points={line} />
      </svg>
      <p class="chart-hours figures" aria-hidden="true">
        {Array.from({ length: hours + 1 }, (_, i) => <span key={i}>{clock(new Date(now - (hours - i) * 3600e3), zone)}</span>)}
      </p>
    </figure>
  );
}
