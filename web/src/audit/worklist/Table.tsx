import { ArrowRight, Check, EyeOff, Flag, RefreshCw, Scale, X } from 'lucide-preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useNow } from '../../shared/now';
import { go } from '../../shared/route';
import { VerdictBadge } from '../../shared/staff';
import { clock, day } from '../../shared/times';
import { Badge, classes } from '../../shared/ui';
import type { AuditRow, Decision } from '../api';
import { t, word } from '../text';
import { windowOf } from './rows';

type TableProps = { rows: AuditRow[]; loading: boolean; picked: string; zone: string; decided: boolean; onPick: (id: string) => void; scroller: { current: HTMLElement | null } };
/** Of what waits the recording says more than an opinion that isn't there yet. */
const columnsOf = (decided: boolean) => ['room', 'seller', 'manager', 'verdict', 'reason', 'flag', decided ? 'decision' : 'recorded', 'why', 'age'] as const;
const columnCount = 9;
const icons: Record<Decision, typeof Check> = { approve: Check, recapture: RefreshCw, reject: X, escalate: ArrowRight };

/** The rows of the worklist; of a long list only those that are seen are drawn. */
export function Table({ rows, loading, picked, zone, decided, onPick, scroller }: TableProps) {
  const now = useNow(60_000);
  const [seen, setSeen] = useState({ top: 0, height: 900 });
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const look = () => setSeen({ top: box.scrollTop, height: box.clientHeight });
    look();
    const watch = new ResizeObserver(look);
    watch.observe(box);
    box.addEventListener('scroll', look, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, [scroller]);
  const { from, to } = windowOf(rows.length, seen.top, seen.height);
  return (
    <table class="rooms" aria-busy={loading || undefined} aria-rowcount={rows.length + 1}>
      <thead>
        <tr>{columnsOf(decided).map((column) => <th scope="col" class={column} key={column}>{t(`list.columns.${column}`)}</th>)}</tr>
      </thead>
      <tbody>
        {loading && Array.from({ length: 8 }, (_, i) => <tr aria-hidden="true" key={i}><td colSpan={columnCount}><span class="bar-grey" /></td></tr>)}
        <Space rows={from} />
        {rows.slice(from, to).map((row, i) => <Row row={row} decided={decided} index={from + i} now={now} picked={row.id === picked} zone={zone} onPick={onPick} key={row.id} />)}
        <Space rows={rows.length - to} />
      </tbody>
    </table>
  );
}

/** The place of rows that are not drawn. */
function Space({ rows }: { rows: number }) {
  const box = useRef<HTMLTableRowElement>(null);
  useEffect(() => box.current?.style.setProperty('--rows', String(rows)), [rows]);
  return <tr class="space" aria-hidden="true" hidden={rows <= 0} ref={box}><td colSpan={columnCount} /></tr>;
}

type RowProps = { row: AuditRow; decided: boolean; index: number; now: number; picked: boolean; zone: string; onPick: (id: string) => void };

function Row({ row, decided, index, now, picked, zone, onPick }: RowProps) {
  const open = `/audit/room/${row.id}`;
  return (
    <tr class={classes(picked && 'picked')} aria-selected={picked} aria-rowindex={index + 2} data-testid="audit-row" data-room={row.id} data-blind={String(row.blind)} onClick={() => onPick(row.id)} onDblClick={() => go(open)}>
      <td class="room"><code>{row.id}</code></td>
      <td class="seller"><a class="row-link" href={open} data-testid="audit-open" onClick={(event) => { event.preventDefault(); go(open); }}>{row.sellerName || row.id}</a></td>
      <td>{row.managerName}</td>
      <td>{row.blind ? <span class="blind-word"><EyeOff size={14} aria-hidden="true" /> {t('list.blind')}</span> : row.verdict && <VerdictBadge verdict={row.verdict}>{word('verdict', row.verdict)}</VerdictBadge>}</td>
      <td class="reason"><code>{(row.reasons ?? []).join(' ')}</code></td>
      <td>{row.flags.map((code) => <Badge tone="staff" icon={Flag} key={code}>{word('flag', code)}</Badge>)}</td>
      {decided ? <Decided row={row} /> : <Recorded row={row} />}
      <td>{row.appeal && <Badge icon={Scale} {...(row.appeal === 'open' ? { tone: 'warn' as const } : {})}>{t(`appeal.${row.appeal}`)}</Badge>} {row.why && word('why', row.why)}</td>
      <td class="age figures" title={`${day(row.decided, zone)}, ${clock(row.decided, zone)}`}>{age(now - Date.parse(row.decided))}</td>
    </tr>
  );
}

function Recorded({ row }: { row: AuditRow }) {
  return <td class={classes('figures recorded', row.coverage >= 0 && row.coverage < 980 && 'low')}>{row.state === 'damaged' ? <Badge tone="warn">{t('list.damaged')}</Badge> : row.bundle ? (row.coverage < 0 ? '' : `${(row.coverage / 10).toFixed(1)} %`) : <Badge tone="warn">{t('list.sealing')}</Badge>}</td>;
}

function Decided({ row }: { row: AuditRow }) {
  return <td>{row.decision && <Badge icon={icons[row.decision]} {...(row.agrees === 'different' ? { tone: 'warn' as const } : row.agrees === 'same' ? { tone: 'ok' as const } : {})}>{t(`decide.${row.decision}`)}</Badge>}</td>;
}

/** "5 min", "16 h", "1 d 2 h". */
function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return t('list.age.minutes', { minutes });
  if (hours < 24) return t('list.age.hours', { hours });
  return t('list.age.days', { days: Math.floor(hours / 24), hours: hours % 24 });
}
