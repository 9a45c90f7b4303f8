import { useLayoutEffect, useRef } from 'preact/hooks';
import { percent } from '../../shared/times';
import type { Rate } from '../api';
import { t } from '../text';

/** One bar of a rate, with its figures in words beside it. */
export function Bars({ rates, nameOf, testid }: { rates: Rate[]; nameOf: (name: string) => string; testid: string }) {
  return (
    <ul class="rate-bars" data-testid={testid}>
      {rates.map((rate) => (
        <li key={rate.name}>
          <span class="rate-name" title={nameOf(rate.name)}>{nameOf(rate.name)}</span>
          <Track share={rate.same / rate.of} />
          <span class="figures"><b>{percent(rate.same / rate.of)}</b> <span class="quiet">{t('agree.of', { same: rate.same, count: rate.of })}</span></span>
        </li>
      ))}
    </ul>
  );
}

function Track({ share }: { share: number }) {
  const bar = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => bar.current?.style.setProperty('--share', String(share)), [share]);
  return <span class="rate-track" aria-hidden="true"><span ref={bar} /></span>;
}

const width = 640;
const height = 190;
const left = 40;
const bottom = 26;
const top = 10;

/** The rate of each week as a line over the number of reviews as bars. */
export function Weeks({ weeks, dayOf }: { weeks: Rate[]; dayOf: (day: string) => string }) {
  const most = Math.max(1, ...weeks.map((week) => week.of));
  const step = (width - left - 12) / weeks.length;
  const x = (i: number) => left + step * (i + 0.5);
  const y = (share: number) => top + (height - top - bottom) * (1 - share);
  const counted = weeks.map((week, i) => ({ ...week, i })).filter((week) => week.of > 0);
  const every = Math.ceil(weeks.length / 8);
  const words = (week: Rate) => t('agree.week', { day: dayOf(week.name), same: week.same, count: week.of });
  return (
    <svg class="weeks" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={counted.map(words).join('; ')} data-testid="agree-weeks">
      {[0, 0.5, 1].map((share) => (
        <g key={share}>
          <line class="grid" x1={left} x2={width - 4} y1={y(share)} y2={y(share)} />
          <text x={left - 8} y={y(share) + 4} text-anchor="end">{percent(share)}</text>
        </g>
      ))}
      {counted.map((week) => {
        const high = ((height - top - bottom) * 0.4 * week.of) / most;
        return <rect class="count" x={x(week.i) - Math.min(14, step * 0.35)} width={Math.min(28, step * 0.7)} y={y(0) - high} height={high} key={week.name}><title>{words(week)}</title></rect>;
      })}
      <polyline class="rate" points={counted.map((week) => `${x(week.i)},${y(week.same / week.of)}`).join(' ')} />
      {counted.map((week) => <circle cx={x(week.i)} cy={y(week.same / week.of)} r={3.5} key={week.name}><title>{words(week)}</title></circle>)}
      {weeks.map((week, i) => i % every === 0 && <text x={x(i)} y={height - 6} text-anchor="middle" key={week.name}>{dayOf(week.name)}</text>)}
    </svg>
  );
}
