import { FilterX, Inbox, WifiOff } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Verdicts } from '../../protocol';
import { bindKeys } from '../../shared/hotkeys';
import { useLoad } from '../../shared/load';
import { useNow } from '../../shared/now';
import { go } from '../../shared/route';
import { Blank, VerdictBadge } from '../../shared/staff';
import { clock, day } from '../../shared/times';
import { Badge, Button, Strip, classes } from '../../shared/ui';
import { rooms, type AuditRow, type Filters, type Me, type Page } from '../api';
import { Frame, useKeysDialog } from '../Frame';
import { t, word } from '../text';
import { isFiltered, noFilters, readFilters, toQuery, writeFilters } from './filters';
import { Peek } from './Peek';
import './worklist.css';

const refresh = 20_000; // ms

/** Decided rooms, filtered, with a peek at the chosen one. */
export function Worklist({ me }: { me: Me }) {
  const [filters, setFilters] = useState<Filters>(() => readFilters(location.search));
  const [keys, setKeys] = useKeysDialog();
  const list = useRooms(filters, me.zone);
  const [picked, setPicked] = useState('');
  const at = Math.max(0, list.rows.findIndex((row) => row.id === picked));
  const row = list.rows[at];
  const table = useRef<HTMLTableElement>(null);

  const change = (next: Filters) => {
    history.replaceState(null, '', `/audit${writeFilters(next)}`);
    setFilters(next);
  };
  const move = (step: number) => {
    const next = list.rows[Math.max(0, Math.min(list.rows.length - 1, at + step))];
    if (!next) return;
    setPicked(next.id);
    table.current?.querySelector(`[data-room="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  const act = useRef({ move, row });
  act.current = { move, row };
  useEffect(() => {
    document.title = `${t('list.title')} · ${t('brand')}`;
    return bindKeys({
      j: () => act.current.move(1),
      k: () => act.current.move(-1),
      arrowdown: () => act.current.move(1),
      arrowup: () => act.current.move(-1),
      enter: (event) => {
        const target = event.target as HTMLElement;
        if (target.matches('a, button')) target.click();
        else if (act.current.row) go(`/audit/room/${act.current.row.id}`);
      },
      '/': () => document.getElementById('filter-from')?.focus(),
      '?': () => setKeys(true),
    });
  }, []);

  return (
    <Frame me={me} keysOpen={keys} onKeys={setKeys}>
      <div class="worklist">
        <header class="audit-bar"><h1>{t('list.title')}</h1></header>
        <FilterBar filters={filters} managers={list.managers} onChange={change} />
        <main class="list">
          {list.stale && <Strip tone="warn" icon={WifiOff} title={t('list.failed')} action={<Button kind="link" onClick={list.reload}>{t('list.retry')}</Button>}>{list.fault?.message}</Strip>}
          {list.fresh > 0 && <button type="button" class="fresh" onClick={list.showFresh}>{t('list.fresh', { count: list.fresh })}</button>}
          {list.failed ? (
            <Blank icon={WifiOff} title={t('list.failed')} line={`${list.fault?.message ?? ''} ${t('list.failedKept')}`} tone="danger"><Button onClick={list.reload}>{t('list.retry')}</Button></Blank>
          ) : (
            <Table rows={list.rows} loading={list.loading} picked={row?.id ?? ''} zone={me.zone} onPick={setPicked} tableRef={table} />
          )}
          {!list.loading && !list.failed && list.rows.length === 0 && (
            <Blank icon={Inbox} title={isFiltered(filters) ? t('list.emptyFiltered') : t('list.empty')} line={isFiltered(filters) ? undefined : t('list.emptyHint')}>
              {isFiltered(filters) && <Button icon={FilterX} onClick={() => change(noFilters())}>{t('list.clear')}</Button>}
            </Blank>
          )}
          {list.more && <p class="list-more"><Button onClick={list.showMore}>{t('list.more')}</Button></p>}
        </main>
        <footer class="list-foot">
          <span class="figures">{t('list.count', { count: list.rows.length })}</span>
          <span>{t('list.own')}</span>
          <span class="grow" />
          <span><kbd class="key">J</kbd> <kbd class="key">K</kbd> {t('list.move')}</span>
          <span><kbd class="key">Enter</kbd> {t('list.review')}</span>
        </footer>
        <Peek row={row} zone={me.zone} />
      </div>
    </Frame>
  );
}

/**
 * useRooms loads the first page again and again and further pages on demand.
 * Rows that came meanwhile wait until they are asked for, so that nothing moves
 * under the cursor.
 */
function useRooms(filters: Filters, zone: string) {
  const key = writeFilters(filters);
  const first = useLoad(key, (signal) => rooms({ ...toQuery(filters, zone), cursor: '' }, signal), refresh);
  const [shown, setShown] = useState<{ key: string; page: Page } | null>(null);
  const [further, setFurther] = useState<{ key: string; rows: AuditRow[]; next: string } | null>(null);
  useEffect(() => {
    if (first.value && shown?.key !== key) setShown({ key, page: first.value });
  }, [first.value, key]);
  const page = shown?.key === key ? shown.page : first.value;
  const tail = further?.key === key ? further : null;
  const newest = first.value?.rooms ?? [];
  const known = new Map(newest.map((row) => [row.id, row]));
  const top = (page?.rooms ?? []).map((row) => known.get(row.id) ?? row);
  const next = tail ? tail.next : (page?.next ?? '');
  return {
    rows: [...top, ...(tail?.rows ?? [])],
    managers: first.value?.managers ?? page?.managers ?? [],
    loading: !page && !first.fault,
    failed: !page && !!first.fault,
    stale: !!page && !!first.fault,
    fault: first.fault,
    fresh: newest.filter((row) => !(page?.rooms ?? []).some((each) => each.id === row.id) && !tail?.rows.some((each) => each.id === row.id)).length,
    showFresh: () => {
      if (first.value) setShown({ key, page: first.value });
      setFurther(null);
    },
    reload: first.reload,
    more: !!next,
    showMore: () =>
      void rooms({ ...toQuery(filters, zone), cursor: next })
        .then((more) => setFurther({ key, rows: [...(tail?.rows ?? []), ...(more.rooms ?? [])], next: more.next }))
        .catch(first.reload),
  };
}

function FilterBar({ filters, managers, onChange }: { filters: Filters; managers: { id: string; name: string }[]; onChange: (filters: Filters) => void }) {
  const set = (part: Partial<Filters>) => onChange({ ...filters, ...part });
  return (
    <div class="filters" role="search">
      <label class={classes('filter', filters.from && 'on')}><span>{t('list.decidedFrom')}</span><input id="filter-from" type="date" max={filters.to || undefined} data-testid="audit-from" value={filters.from} onChange={(event) => set({ from: event.currentTarget.value })} /></label>
      <label class={classes('filter', filters.to && 'on')}><span>{t('list.decidedTo')}</span><input type="date" min={filters.from || undefined} data-testid="audit-to" value={filters.to} onChange={(event) => set({ to: event.currentTarget.value })} /></label>
      <label class={classes('filter', filters.manager && 'on')}>
        <span>{t('list.manager')}</span>
        <select data-testid="audit-manager" value={filters.manager} onChange={(event) => set({ manager: event.currentTarget.value })}>
          <option value="">{t('list.any')}</option>
          {managers.map((each) => <option value={each.id} key={each.id}>{each.name}</option>)}
          {filters.manager && !managers.some((each) => each.id === filters.manager) && <option value={filters.manager}>{filters.manager}</option>}
        </select>
      </label>
      <label class={classes('filter', filters.verdict && 'on')}>
        <span>{t('list.verdict')}</span>
        <select data-testid="audit-verdict" value={filters.verdict} onChange={(event) => set({ verdict: event.currentTarget.value })}>
          <option value="">{t('list.any')}</option>
          {Verdicts.map((verdict) => <option value={verdict} key={verdict}>{word('verdict', verdict)}</option>)}
        </select>
      </label>
      <span class="grow" />
      {isFiltered(filters) && <Button kind="link" onClick={() => onChange(noFilters())}>{t('list.clear')}</Button>}
    </div>
  );
}

type TableProps = { rows: AuditRow[]; loading: boolean; picked: string; zone: string; onPick: (id: string) => void; tableRef: { current: HTMLTableElement | null } };

function Table({ rows, loading, picked, zone, onPick, tableRef }: TableProps) {
  const now = useNow(60_000);
  return (
    <table class="rooms" ref={tableRef} aria-busy={loading || undefined}>
      <thead>
        <tr>{(['room', 'seller', 'manager', 'verdict', 'reason', 'record', 'decided', 'age'] as const).map((column) => <th scope="col" class={column} key={column}>{t(`list.columns.${column}`)}</th>)}</tr>
      </thead>
      <tbody>
        {loading && Array.from({ length: 8 }, (_, i) => <tr aria-hidden="true" key={i}><td colSpan={8}><span class="bar-grey" /></td></tr>)}
        {rows.map((row) => (
          <tr class={classes(row.id === picked && 'picked')} aria-selected={row.id === picked} data-testid="audit-row" data-room={row.id} key={row.id} onClick={() => onPick(row.id)} onDblClick={() => go(`/audit/room/${row.id}`)}>
            <td class="room"><code>{row.id}</code></td>
            <td class="seller"><a class="row-link" href={`/audit/room/${row.id}`} data-testid="audit-open" onClick={(event) => { event.preventDefault(); go(`/audit/room/${row.id}`); }}>{row.sellerName || row.id}</a></td>
            <td>{row.managerName}</td>
            <td>{row.verdict && <VerdictBadge verdict={row.verdict}>{word('verdict', row.verdict)}</VerdictBadge>}</td>
            <td class="reason"><code>{(row.reasons ?? []).join(' ')}</code></td>
            <td>{row.state === 'damaged' ? <Badge tone="warn">{t('list.damaged')}</Badge> : row.bundle ? t('list.sealed') : <Badge tone="warn">{t('list.sealing')}</Badge>}</td>
            <td class="figures">{day(row.decided, zone)}, {clock(row.decided, zone)}</td>
            <td class="age figures">{age(now - Date.parse(row.decided))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "5 min", "16 h", "1 d 2 h". */
function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return t('list.age.minutes', { minutes });
  if (hours < 24) return t('list.age.hours', { hours });
  return t('list.age.days', { days: Math.floor(hours / 24), hours: hours % 24 });
}
