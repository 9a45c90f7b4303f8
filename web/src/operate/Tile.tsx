import { percent, span } from '../shared/times';
import { Badge } from '../shared/ui';
import type { CallNow } from './api';
import { standingOf } from './order';
import { t } from './text';

/** One call of the wall. */
export function Tile({ call, rates, manager, now }: { call: CallNow; rates: number[]; manager: string; now: number }) {
  const standing = standingOf(call);
  const time = span(now - Date.parse(call.since));
  const state =
    standing === 'failing' ? t('tile.failing')
    : standing === 'returning' ? t('tile.returning', { who: call.returning ? t(`tile.${call.returning}`) : t('tile.seller') })
    : call.step ? t('tile.step', { n: call.step, count: call.steps })
    : t('tile.noStep');
  const share = call.figures ? percent(call.coverage / 1000) : '';
  return (
    <li class={`tile is-${standing}`} tabIndex={-1} data-testid="wall-tile" data-room={call.room} data-standing={standing}>
      <p class="tile-head">
        <span class="dot" />
        <code>{call.room.replace(/^R-/, '')}</code>
        {call.test && <Badge tone="line">{t('tile.test')}</Badge>}
        <span class="tile-time figures">{time}</span>
      </p>
      {call.figures ? <Spark values={rates} /> : <p class="tile-elsewhere">{t('tile.elsewhere')}</p>}
      <p class="tile-foot">
        <span title={manager}>{initials(manager)}</span>
        <span class="tile-state">{state}</span>
        <span class="figures">{share}</span>
      </p>
      <span class="only-read">{t('tile.label', { room: call.room, time, state, share })}</span>
    </li>
  );
}

function initials(name: string): string {
  return name.split(/\s+/).map((part) => Array.from(part)[0] ?? '').join('').slice(0, 2).toUpperCase();
}

/** The rate of the last minutes as a line; decoration beside the figures. */
function Spark({ values }: { values: number[] }) {
  const most = Math.max(1000, ...values);
  const points = values.map((value, i) => `${(100 * i) / Math.max(1, values.length - 1)},${22 - (20 * value) / most}`).join(' ');
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {values.length > 1 && <polyline points={points} />}
    </svg>
  );
}
