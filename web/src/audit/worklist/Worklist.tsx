import { Dices, FilterX, Inbox, Search, WifiOff } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { bindKeys } from '../../shared/hotkeys';
import { useLoad } from '../../shared/load';
import { go } from '../../shared/route';
import { Blank } from '../../shared/staff';
import { Button, Icon, Strip } from '../../shared/ui';
import { rooms, type AuditRow, type Filters, type Me, type Page } from '../api';
import { Frame, useKeysDialog } from '../Frame';
import { t } from '../text';
import { isFiltered, noFilters, readFilters, toQuery, writeFilters } from './filters';
import { FilterBar } from './Filters';
import { Peek } from './Peek';
import { reach } from './rows';
import { SampleDialog } from './SampleDialog';
import { Table } from './Table';
import { Views } from './Views';
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
  const [sampling, setSampling] = useState(false);
  const scroller = useRef<HTMLElement>(null);

  const change = (next: Filters) => {
    history.replaceState(null, '', `/audit${writeFilters(next)}`);
    setFilters(next);
  };
  const move = (step: number) => {
    const next = list.rows[Math.max(0, Math.min(list.rows.length - 1, at + step))];
    if (!next) return;
    setPicked(next.id);
    if (document.activeElement?.matches('button, a')) scroller.current?.focus({ preventScroll: true }); // Enter is the row's now
    const box = scroller.current;
    const top = box && reach(list.rows.indexOf(next), box.scrollTop, box.clientHeight);
    if (box && typeof top === 'number') box.scrollTop = top;
  };
  const act = useRef({ move, row });
  act.current = { move, row };
  useEffect(() => {
    document.title = `${t('list.title')} · ${t('brand')}`;
    return bindKeys({
      enter: (event) => {
        const target = event.target as HTMLElement;
        if (target.matches('a, button')) target.click();
        else if (act.current.row) go(`/audit/room/${act.current.row.id}`);
      },
      '/': () => document.getElementById('find-seller')?.focus(),
      '?': () => setKeys(true),
    }, {
      j: () => act.current.move(1),
      k: () => act.current.move(-1),
      arrowdown: () => act.current.move(1),
      arrowup: () => act.current.move(-1),
    });
  }, []);

  return (
    <Frame me={me} keysOpen={keys} onKeys={setKeys}>
      <div class="worklist">
        <header class="audit-bar">
          <h1>{t('list.title')}</h1>
          <Views filters={filters} onChange={change} />
          <span class="grow" />
          <Find seller={filters.seller} onFind={(seller) => change({ ...filters, seller })} />
          <Button bar icon={Dices} data-testid="audit-sample" onClick={() => setSampling(true)}>{t('list.sample')}</Button>
        </header>
        <FilterBar filters={filters} managers={list.managers} profiles={list.profiles} onChange={change} />
        <main class="list" ref={scroller} tabIndex={-1}>
          {list.stale && <Strip tone="warn" icon={WifiOff} title={t('list.failed')} action={<Button kind="link" onClick={list.reload}>{t('list.retry')}</Button>}>{list.fault?.message}</Strip>}
          {list.fresh > 0 && <button type="button" class="fresh" onClick={list.showFresh}>{t('list.fresh', { count: list.fresh })}</button>}
          {list.failed ? (
            <Blank icon={WifiOff} title={t('list.failed')} line={`${list.fault?.message ?? ''} ${t('list.failedKept')}`} tone="danger"><Button onClick={list.reload}>{t('list.retry')}</Button></Blank>
          ) : (
            <Table rows={list.rows} loading={list.loading} picked={row?.id ?? ''} zone={me.zone} onPick={setPicked} decided={filters.part !== 'queue'} scroller={scroller} />
          )}
          {!list.loading && !list.failed && list.rows.length === 0 && (
            <Blank icon={Inbox} title={isFiltered(filters) ? t('list.emptyFiltered') : filters.part === 'appeals' ? t('list.emptyAppeals') : filters.part === 'queue' ? t('list.emptyQueue') : t('list.empty')} line={isFiltered(filters) ? undefined : filters.part === 'queue' ? t('list.emptyQueueHint') : t('list.emptyHint')}>
              {isFiltered(filters) ? <Button icon={FilterX} onClick={() => change(noFilters(filters.part))}>{t('list.clear')}</Button> : filters.part === 'queue' && <Button onClick={() => change(noFilters('all'))}>{t('list.parts.all')}</Button>}
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
        <Peek row={row} me={me} />
      </div>
      {sampling && <SampleDialog me={me} managers={list.managers} profiles={list.profiles} onClose={() => setSampling(false)} onDrawn={list.renew} />}
    </Frame>
  );
}

/** The search for one seller's rooms, by the whole address. */
function Find({ seller, onFind }: { seller: string; onFind: (seller: string) => void }) {
  const [text, setText] = useState(seller);
  useEffect(() => setText(seller), [seller]);
  return (
    <form class="find" role="search" aria-label={t('list.find')} onSubmit={(event) => { event.preventDefault(); onFind(text.trim()); }}>
      <Icon of={Search} />
      <input id="find-seller" type="search" autocomplete="off" spellcheck={false} aria-label={t('list.find')} placeholder={t('list.find')} title={t('list.findHint')} data-testid="audit-find" value={text} onInput={(event) => setText(event.currentTarget.value)} onBlur={() => text.trim() === '' && seller && onFind('')} />
      <kbd class="key">/</kbd>
    </form>
  );
}

/**
 * useRooms loads the first page again and again and further pages on demand.
 * Rows that came meanwhile wait until they are asked for, so that nothing moves
 * under the cursor.
 */
function useRooms(filters: Filters, zone: string) {
  const key = `${writeFilters(filters)} ${filters.seller}`;
  const first = useLoad(key, (signal) => rooms({ ...toQuery(filters, zone, Date.now()), cursor: '' }, signal), refresh);
  const anew = useRef(false);
  const [shown, setShown] = useState<{ key: string; page: Page } | null>(null);
  const [further, setFurther] = useState<{ key: string; rows: AuditRow[]; next: string } | null>(null);
  useEffect(() => {
    if (!first.value || (shown?.key === key && !anew.current)) return;
    anew.current = false;
    setShown({ key, page: first.value });
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
    profiles: first.value?.profiles ?? page?.profiles ?? [],
    /** what the reader has changed himself is shown at once */
    renew: () => {
      anew.current = true;
      first.reload();
    },
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
      void rooms({ ...toQuery(filters, zone, Date.now()), cursor: next })
        .then((more) => setFurther({ key, rows: [...(tail?.rows ?? []), ...(more.rooms ?? [])], next: more.next }))
        .catch(first.reload),
  };
}
