import { CalendarX, ChevronLeft, ChevronRight, Clock, Languages, MapPin, WifiOff } from 'lucide-preact';
import { useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { language as pageLanguage } from '../../shared/i18n';
import { useLoad } from '../../shared/load';
import { useNow } from '../../shared/now';
import { languageName } from '../../shared/room';
import { city, clock, dayOfWeek, ownZone, weekdayShort } from '../../shared/times';
import { Button, Icon, Strip, classes } from '../../shared/ui';
import { Offer } from '../queue/Offer';
import { Comfort, Screen } from '../Screen';
import { t } from '../text';
import { book, offer, TakenError, type Appointment, type Slot } from './api';
import { byDay, dateOf, partOf, parts, week, weekTitle } from './week';
import { ZoneChoice } from './ZoneChoice';
import './booking.css';

type BookingProps = { now: Appointment; back?: (() => void) | undefined; queue?: (() => void) | undefined; done: (booked: Appointment) => void };

/** The choice of a time, in the seller's zone with the account manager's beside it. */
export function Booking({ now, back, queue, done }: BookingProps) {
  const [zone, setZone] = useState(ownZone);
  const [language, setLanguage] = useState(now.language);
  const [picked, setPicked] = useState<Slot | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  const offered = useLoad(`slots ${language}`, (signal) => offer(language, signal), 30_000);
  const moving = now.state === 'booked';

  const pick = (slot: Slot) => {
    setPicked(slot);
    setFault(null);
  };
  const send = async () => {
    if (!picked) return;
    setBusy(true);
    setFault(null);
    try {
      done(await book(picked.at, zone, language));
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setFault(cause);
      if (cause instanceof TakenError) {
        setPicked(null);
        offered.reload();
      }
    }
    setBusy(false);
  };

  return (
    <Screen
      title={t('booking.title')}
      heading={t(moving ? 'booking.move' : 'booking.title')}
      back={back}
      testid="seller-booking"
      dock={<Dock picked={picked} zone={zone} busy={busy} moving={moving} onBook={() => void send()} />}
    >
      <h1 class="only-read">{t(moving ? 'booking.move' : 'booking.title')}</h1>
      {now.state === 'cancelled' && <Strip tone="warn" icon={CalendarX} title={t('booking.cancelled')}>{t('booking.missedNext')}</Strip>}
      {now.missed && <Strip tone="warn" icon={CalendarX} title={t(now.missed === 'manager' ? 'booking.missedManager' : 'booking.missedSeller')}>{t('booking.missedNext')}</Strip>}
      {fault instanceof TakenError ? (
        <Taken nearest={fault.nearest} zone={zone} onPick={pick} />
      ) : (
        fault && <Strip tone="warn" icon={WifiOff} title={fault.message} urgent />
      )}
      {queue && <Offer onJoin={queue} />}
      <section class="card booking-terms">
        <label class="booking-term">
          <Icon of={MapPin} size={20} />
          <span>{t('booking.zone')}</span>
          <ZoneChoice zone={zone} onChoose={setZone} />
        </label>
        <label class="booking-term">
          <Icon of={Languages} size={20} />
          <span>{t('booking.language')}</span>
          <select data-testid="booking-language" value={language} onChange={(event) => { setLanguage(event.currentTarget.value); setPicked(null); }}>
            {[...new Set([language, ...(offered.value?.languages ?? [])])].map((tag) => <option value={tag} key={tag}>{languageName(tag, pageLanguage)}</option>)}
          </select>
        </label>
      </section>
      {offered.value ? (
        offered.value.slots.length ? (
          <Times key={`${zone} ${language}`} slots={offered.value.slots} zone={zone} picked={picked} onPick={pick} />
        ) : (
          <div class="booking-none">
            <Icon of={CalendarX} size={24} />
            <p class="strong">{t('booking.none')}</p>
            <p class="sub">{t('booking.noneNext')}</p>
          </div>
        )
      ) : offered.fault ? (
        <Strip tone="danger" icon={WifiOff} title={offered.fault.message} urgent action={<Button kind="link" onClick={offered.reload}>{t('booking.again')}</Button>} />
      ) : (
        <Grey />
      )}
    </Screen>
  );
}

function Dock({ picked, zone, busy, moving, onBook }: { picked: Slot | null; zone: string; busy: boolean; moving: boolean; onBook: () => void }) {
  return (
    <>
      <div class="booking-picked" role="status">
        {picked ? (
          <>
            <p class="strong figures">{t('booking.picked', { day: dayOfWeek(picked.at, zone), time: clock(picked.at, zone) })}</p>
            <p class="sub figures">{t('booking.theirs', { time: clock(picked.at, picked.zone), city: city(picked.zone) })}</p>
          </>
        ) : (
          <p class="sub">{t('booking.pick')}</p>
        )}
      </div>
      <Button kind="primary" wide busy={busy} locked={!picked} data-testid="booking-book" onClick={onBook}>
        {t(moving ? 'booking.moveDo' : 'booking.do')}
      </Button>
      <Comfort>{t('booking.comfort')}</Comfort>
    </>
  );
}

/** Somebody was faster: the nearest times to choose from. */
function Taken({ nearest, zone, onPick }: { nearest: Slot[]; zone: string; onPick: (slot: Slot) => void }) {
  return (
    <section class="booking-taken" data-testid="booking-taken">
      <Strip tone="warn" icon={Clock} title={t('booking.taken')} urgent>{t(nearest.length ? 'booking.nearest' : 'booking.noNearest')}</Strip>
      <div class="slots">
        {nearest.map((slot) => (
          <button type="button" class="slot" key={slot.at} onClick={() => onPick(slot)}>
            <b>{clock(slot.at, zone)}</b>
            <span>{dayOfWeek(slot.at, zone)}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

type TimesProps = { slots: Slot[]; zone: string; picked: Slot | null; onPick: (slot: Slot) => void };

function Times({ slots, zone, picked, onPick }: TimesProps) {
  const today = new Date(useNow(60_000));
  const days = useMemo(() => byDay(slots, zone), [slots, zone]); // of two weeks, and each click draws anew
  const [weeks, setWeeks] = useState(() => weeksTo(slots[0]!.at, today, zone));
  const [chosen, setChosen] = useState(() => dateOf(slots[0]!.at, zone));
  const shown = week(today, zone, weeks);
  const last = slots.at(-1)!.at;
  const list = days.get(chosen) ?? [];
  return (
    <>
      <div class="week-head">
        <h2 class="strong">{weekTitle(shown, zone)}</h2>
        <Button kind="ghost" icon={ChevronLeft} iconSize={24} label={t('booking.earlier')} locked={weeks === 0} onClick={() => setWeeks(weeks - 1)} />
        <Button kind="ghost" icon={ChevronRight} iconSize={24} label={t('booking.later')} locked={weeks >= weeksTo(last, today, zone)} onClick={() => setWeeks(weeks + 1)} />
      </div>
      <div class="week" role="group" aria-label={weekTitle(shown, zone)}>
        {shown.map((date) => (
          <Day key={dateOf(date, zone)} date={date} zone={zone} past={dateOf(date, zone) < dateOf(today, zone)} free={days.get(dateOf(date, zone))?.length ?? 0} chosen={dateOf(date, zone) === chosen} onChoose={setChosen} />
        ))}
      </div>
      {parts.map(({ name }) => {
        const mine = list.filter((slot) => partOf(slot, zone) === name);
        return mine.length ? (
          <section key={name}>
            <h3 class="part">
              {t(`booking.part.${name}`)} <span>{t(`booking.span.${name}`)}</span>
            </h3>
            <div class="slots">
              {mine.map((slot) => (
                <button type="button" key={slot.at} class={classes('slot', picked?.at === slot.at && 'picked')} aria-pressed={picked?.at === slot.at} data-testid="booking-slot" onClick={() => onPick(slot)}>
                  <b>{clock(slot.at, zone)}</b>
                  <span>{t('booking.there', { time: clock(slot.at, slot.zone), city: city(slot.zone) })}</span>
                </button>
              ))}
            </div>
          </section>
        ) : null;
      })}
      {!list.length && <p class="sub centred">{t('booking.noneOnDay')}</p>}
    </>
  );
}

type DayProps = { date: Date; zone: string; past: boolean; free: number; chosen: boolean; onChoose: (date: string) => void };

function Day({ date, zone, past, free, chosen, onChoose }: DayProps) {
  const inside = (
    <>
      <span aria-hidden="true">{weekdayShort(date, zone)}</span>
      <b aria-hidden="true">{Number(dateOf(date, zone).slice(8))}</b>
      <span class="only-read">{dayOfWeek(date, zone)}</span>
      <small>{past ? t('booking.past') : free ? t('booking.free', { count: free }) : t('booking.full')}</small>
    </>
  );
  if (!free) return <span class="week-day none">{inside}</span>;
  return (
    <button type="button" class={classes('week-day', chosen && 'chosen')} aria-pressed={chosen} onClick={() => onChoose(dateOf(date, zone))}>
      {inside}
    </button>
  );
}

/** How many weeks lie between two instants, by the calendar of a zone. */
function weeksTo(at: string, from: Date, zone: string): number {
  const start = week(from, zone, 0)[0]!;
  return Math.floor((week(new Date(at), zone, 0)[0]!.getTime() - start.getTime() + 864e5) / (7 * 864e5));
}

function Grey() {
  return (
    <div class="loading" aria-hidden="true">
      <span class="bar-grey short" />
      <span class="bar-grey tall" />
      <span class="bar-grey card-tall" />
    </div>
  );
}
