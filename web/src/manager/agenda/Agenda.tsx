import { CalendarDays, CalendarX, ChevronLeft, ChevronRight, Clock, Plus, WifiOff } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { bindKeys } from '../../shared/hotkeys';
import { language } from '../../shared/i18n';
import { useLoad } from '../../shared/load';
import { useNow } from '../../shared/now';
import type { RoomRow } from '../../shared/room';
import { go } from '../../shared/route';
import { Blank, KeysDialog, Rail } from '../../shared/staff';
import { city, clock, utcOffset } from '../../shared/times';
import { Button, Strip } from '../../shared/ui';
import { dayStart } from '../../shared/walltime';
import { rooms, type Me } from '../api';
import { DeskSwitch } from '../desk/DeskSwitch';
import { QueueList } from '../desk/QueueList';
import { Turn, turnOf } from '../desk/Turn';
import { useDesk } from '../desk/useDesk';
import { t } from '../text';
import { Brief } from './Brief';
import { DayList } from './DayList';
import { isDone, isOver, nextCall } from './day';
import { HoursDialog } from './Hours';
import { NewRoomDialog } from './NewRoom';
import { NextCall } from './NextCall';
import './agenda.css';

const refresh = 4000; // ms; who waits has to show soon

/** The manager's day: its calls, the next one, and the brief of the chosen one. */
export function Agenda({ me }: { me: Me }) {
  const [offset, setOffset] = useState(0); // days from today
  const [picked, setPicked] = useState('');
  const [making, setMaking] = useState(false);
  const [keys, setKeys] = useState(false);
  const [hours, setHours] = useState(false);
  const desk = useDesk();
  const today = dayStart(new Date(useNow(30_000)), me.zone);
  const from = dayStart(today, me.zone, offset);
  const to = dayStart(today, me.zone, offset + 1);
  const day = useLoad(from.toISOString(), (signal) => rooms(from, to, signal), refresh);
  const list = day.value ?? [];
  const next = nextCall(list);
  const turn = turnOf(desk);
  const shown = list.find((room) => room.id === picked) ?? list.find((room) => room.id === turn) ?? next ?? list.at(-1);

  useEffect(() => {
    document.title = `${t('agenda.title')} · ${t('brand')}`;
  }, []);
  const shownID = shown?.id;
  useEffect(
    () =>
      bindKeys({
        n: () => setMaking(true),
        '?': () => setKeys(true),
        t: () => setOffset(0),
        ...(shownID ? { enter: (event: KeyboardEvent) => onEnter(event, shownID) } : {}),
      }, {
        '[': () => setOffset((n) => n - 1),
        ']': () => setOffset((n) => n + 1),
      }),
    [shownID],
  );

  return (
    <div class="agenda">
      <Rail places={[{ href: '/manager', name: t('rail.agenda'), icon: CalendarDays }]} at="/manager" name={me.name} role="manager" words={{ keys: t('rail.keys'), signOut: t('signOut') }} onKeys={() => setKeys(true)} />
      <header class="agenda-bar">
        <h1>{dayTitle(from, me.zone)}</h1>
        <Button kind="ghost" bar icon={ChevronLeft} label={t('agenda.earlierDay')} onClick={() => setOffset(offset - 1)} />
        <Button bar locked={offset === 0} onClick={() => setOffset(0)}>{t('agenda.today')}</Button>
        <Button kind="ghost" bar icon={ChevronRight} label={t('agenda.laterDay')} onClick={() => setOffset(offset + 1)} />
        <span class="grow" />
        <BarClock zone={me.zone} />
        <DeskSwitch desk={desk} />
        <Button bar icon={Clock} data-testid="manager-hours" onClick={() => setHours(true)}>{t('hours.open')}</Button>
        <Button bar icon={Plus} hotkey="N" data-testid="manager-new-room" onClick={() => setMaking(true)}>{t('agenda.newRoom')}</Button>
      </header>
      <aside class="day">
        <Figures list={list} known={!!day.value} />
        {day.value ? (
          <DayList rooms={list} zone={me.zone} today={offset === 0} picked={shown?.id ?? ''} onPick={setPicked} />
        ) : day.fault ? (
          <Blank icon={WifiOff} title={t('agenda.failed')} line={t('agenda.failedKept')} tone="danger">
            <Button onClick={day.reload}>{t('agenda.retry')}</Button>
          </Blank>
        ) : (
          <GreyDay />
        )}
        <QueueList desk={desk} />
      </aside>
      <main class="brief-side">
        <Turn room={turn} shown={shown?.id === turn} />
        {desk.why && <Strip tone="warn" icon={WifiOff} title={t('desk.notSet')} urgent>{desk.why}</Strip>}
        {day.value && day.fault && (
          <Strip tone="warn" icon={WifiOff} title={t('agenda.stale', { time: clock(new Date(day.at), me.zone) })} action={<Button kind="link" onClick={day.reload}>{t('agenda.retry')}</Button>} />
        )}
        {shown && <NextCall room={shown} zone={me.zone} waiting={list.filter((room) => room.state === 'waiting' && room.id !== shown.id)} onPick={setPicked} />}
        {shown && <Brief key={shown.id} row={shown} zone={me.zone} onChange={day.reload} />}
        {day.value && !shown && (
          <Blank icon={CalendarX} title={t('agenda.empty')} line={t('agenda.emptyHint')}>
            <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>{t('agenda.newRoom')}</Button>
          </Blank>
        )}
      </main>
      {making && (
        <NewRoomDialog
          me={me}
          onMade={(id) => {
            setPicked(id);
            day.reload();
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {hours && <HoursDialog onClose={() => setHours(false)} />}
      {keys && <AgendaKeys onClose={() => setKeys(false)} />}
    </div>
  );
}

/** Enter opens the console, unless a control has the focus and takes it. */
function onEnter(event: KeyboardEvent, id: string) {
  const target = event.target as HTMLElement;
  if (target.matches('a, button, summary')) target.click();
  else go(`/manager/room/${id}`);
}

function BarClock({ zone }: { zone: string }) {
  const now = new Date(useNow(5000));
  return (
    <p class="bar-clock figures">
      {clock(now, zone)} {city(zone)} <span class="quiet">{utcOffset(now, zone)}</span>
    </p>
  );
}

function Figures({ list, known }: { list: RoomRow[]; known: boolean }) {
  if (!known) return <p class="day-figures"><span class="bar-grey w50" /></p>;
  const kept = list.filter((room) => room.state !== 'cancelled');
  const done = kept.filter(isDone).length;
  const toCome = kept.filter((room) => !isDone(room) && !isOver(room)).length;
  return (
    <p class="day-figures figures">
      <span><strong>{kept.length}</strong> {t('agenda.calls', { count: kept.length })}</span>
      <span><strong>{done}</strong> {t('agenda.done')}</span>
      <span><strong>{toCome}</strong> {t('agenda.toCome')}</span>
    </p>
  );
}

function GreyDay() {
  return (
    <div class="grey-day" aria-hidden="true">
      {Array.from({ length: 9 }, (_, i) => <span class="bar-grey" key={i} />)}
    </div>
  );
}

function dayTitle(from: Date, zone: string): string {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { weekday: 'long', day: 'numeric', month: 'long', timeZone: zone }).format(from).replace(',', '');
}

function AgendaKeys({ onClose }: { onClose: () => void }) {
  return (
    <KeysDialog
      title={t('keys.title')} line={t('keys.off')} single={t('keys.single')} singleLine={t('keys.singleLine')} onClose={onClose}
      groups={[
        { title: t('keys.groups.agenda'), keys: [['Enter', t('keys.openConsole')], ['N', t('keys.newRoom')], ['[ ]', t('keys.days')], ['T', t('agenda.today')]] },
        { title: t('keys.groups.everywhere'), keys: [['?', t('keys.help')], ['Esc', t('keys.close2')]] },
      ]}
    />
  );
}
