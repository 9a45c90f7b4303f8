import { Archive, Lock, LockOpen, WifiOff } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../shared/api';
import { useLoad } from '../shared/load';
import { Blank } from '../shared/staff';
import { clock, day } from '../shared/times';
import { Badge, Button, Field, Strip, classes } from '../shared/ui';
import { holdReasons, keepingOf, keptRooms, placeHold, releaseHold, type Keeping, type KeptPart, type Me } from './api';
import { Frame } from './Frame';
import { t, word } from './text';

const parts: KeptPart[] = ['due', 'held', 'purged'];

/** What is erased when, what is held, and what was erased. */
export function Retention({ me }: { me: Me }) {
  const [part, setPart] = useState<KeptPart>('due');
  const [picked, setPicked] = useState(() => new URLSearchParams(location.search).get('room') ?? '');
  const list = useLoad(`kept ${part}`, (signal) => keptRooms(part, signal), 15_000);
  useEffect(() => {
    document.title = `${t('retention')} · ${t('brand')}`;
  }, []);
  const rows = list.value?.rooms ?? [];
  const bar = (
    <ul class="kept-parts">
      {parts.map((each) => <li key={each}><button type="button" class={classes('kept-part', each === part && 'on')} aria-pressed={each === part} data-testid={`kept-${each}`} onClick={() => { setPart(each); setPicked(''); }}>{t(`kept.${each}`)}</button></li>)}
    </ul>
  );
  return (
    <Frame me={me} at="/operate/retention" title={t('retention')} bar={bar}>
      <main class="kept" aria-busy={!list.value && !list.fault}>
        {list.fault && <Strip tone="warn" icon={WifiOff} title={t('kept.failed')} action={<Button kind="link" onClick={list.reload}>{t('retry')}</Button>}>{list.fault.message}</Strip>}
        {!list.value && !list.fault && <><span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" /></>}
        {list.value && rows.length === 0 && <Blank icon={Archive} title={t(`kept.none.${part}`)} />}
        {rows.length > 0 && (
          <table class="kept-table">
            <thead><tr>{(['room', 'state', 'next', 'classes', 'hold'] as const).map((column) => <th scope="col" key={column}>{t(`kept.columns.${column}`)}</th>)}</tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.room} class={classes(row.room === picked && 'picked')} data-testid="kept-row" data-room={row.room}>
                  <td><button type="button" class="kept-room" aria-pressed={row.room === picked} onClick={() => setPicked(row.room)}><code>{row.room}</code></button></td>
                  <td>{word('state', row.state)}</td>
                  <td class="figures">{row.due ? day(row.due, me.zone) : '–'}</td>
                  <td>{part === 'purged' ? classNames(row.purged) : classNames(row.kept.map((each) => each.class))}</td>
                  <td>{row.hold && <Badge tone="accent" icon={Lock}>{word('holdReason', row.hold.reason)}</Badge>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {list.value?.next && <p class="quiet">{t('kept.more')}</p>}
      </main>
      <aside class="kept-side" aria-label={t('kept.chosen')}>
        {picked ? <Chosen key={picked} room={picked} me={me} onChanged={list.reload} /> : <p class="quiet">{t('kept.choose')}</p>}
      </aside>
    </Frame>
  );
}

const classNames = (classes: string[]) => classes.map((each) => word('class', each)).join(', ');

/** One room's keeping, with what can be done. */
function Chosen({ room, me, onChanged }: { room: string; me: Me; onChanged: () => void }) {
  const look = useLoad(`keeping ${room}`, (signal) => keepingOf(room, signal));
  const [changed, setChanged] = useState<Keeping>();
  const [reason, setReason] = useState('');
  const [lifting, setLifting] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const now = changed ?? look.value;
  const act = async (what: () => Promise<Keeping>) => {
    setBusy(true);
    setFault('');
    try {
      setChanged(await what());
      setLifting(false);
      setReason('');
      onChanged();
    } catch (cause) {
      setFault(cause instanceof ApiError ? cause.message : String(cause));
    }
    setBusy(false);
  };
  if (look.fault && !now) return <Blank icon={WifiOff} title={t('kept.unknown')} line={look.fault.message} tone="danger"><Button onClick={look.reload}>{t('retry')}</Button></Blank>;
  if (!now) return <span class="bar-grey" />;
  const erased = now.kept.length === 0 && now.purged.length > 0;
  const undecided = now.state === 'ended' && !now.hold;
  return (
    <section data-testid="kept-chosen" data-held={String(!!now.hold)}>
      <h2><code>{now.room}</code> <Badge>{word('state', now.state)}</Badge></h2>
      {now.kept.length > 0 && <dl class="kept-ends">{now.kept.map((each) => <div key={each.class}><dt>{word('class', each.class)}</dt><dd class="figures">{day(each.until, me.zone)}</dd></div>)}</dl>}
      {now.purging && <Strip tone="warn" icon={Archive} title={t('kept.purging')}>{classNames(now.purging.classes)}</Strip>}
      {now.hold && (
        <p class="kept-hold"><Badge tone="accent" icon={Lock}>{word('holdReason', now.hold.reason)}</Badge> <span class="quiet">{t('kept.heldBy', { who: now.hold.by.replace(/^operator:/, ''), time: `${day(now.hold.since, me.zone)}, ${clock(now.hold.since, me.zone)}` })}</span></p>
      )}
      {fault && <Strip tone="danger" icon={WifiOff} title={t('kept.notDone')} urgent>{fault}</Strip>}
      {undecided && <p class="quiet" data-testid="kept-undecided">{t('kept.undecided')}</p>}
      {!erased && !undecided && !now.hold && (
        <form class="kept-form" onSubmit={(event) => { event.preventDefault(); if (reason) void act(() => placeHold(room, reason)); }}>
          <Field label={t('kept.why')} hint={t('kept.whyHint')}>
            {(control) => <select class="input" data-testid="kept-reason" value={reason} onChange={(event) => setReason(event.currentTarget.value)} {...control}><option value="">{t('kept.pick')}</option>{holdReasons.map((code) => <option value={code} key={code}>{word('holdReason', code)}</option>)}</select>}
          </Field>
          <Button kind="primary" icon={Lock} type="submit" busy={busy} locked={!reason} data-testid="kept-place">{t('kept.place')}</Button>
        </form>
      )}
      {now.hold && (lifting ? (
        <div class="kept-form"><p>{t('kept.sure')}</p><Button kind="danger" icon={LockOpen} busy={busy} data-testid="kept-lift-now" onClick={() => void act(() => releaseHold(room))}>{t('kept.liftNow')}</Button><Button kind="ghost" onClick={() => setLifting(false)}>{t('kept.back')}</Button></div>
      ) : (
        <Button icon={LockOpen} data-testid="kept-lift" onClick={() => setLifting(true)}>{t('kept.lift')}</Button>
      ))}
      {now.tombstones.length > 0 && (
        <>
          <h3>{t('kept.tombstones')}</h3>
          <ul class="tombstones" data-testid="kept-tombstones">
            {now.tombstones.map((stone) => <li key={stone.at}><b class="figures">{day(stone.at, me.zone)}, {clock(stone.at, me.zone)}</b><span>{classNames(stone.classes)}</span><span class="quiet">{word('policy', stone.policy)}, {stone.by}</span></li>)}
          </ul>
        </>
      )}
      <p class="quiet kept-line">{t('kept.line')}</p>
    </section>
  );
}
