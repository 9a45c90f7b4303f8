import { AlertTriangle, CircleSlash, Clock, UserRoundX, Video } from 'lucide-preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useNow } from '../../shared/now';
import { languageName, type RoomRow } from '../../shared/room';
import { VerdictBadge } from '../../shared/staff';
import { clock } from '../../shared/times';
import { Badge, classes } from '../../shared/ui';
import { t, word } from '../text';
import { hourHeight, hourOf, isDone, isOver, planDay } from './day';

type DayListProps = { rooms: RoomRow[]; zone: string; today: boolean; picked: string; onPick: (id: string) => void };

/** The rooms of a day on its hours, with the line of now. */
export function DayList({ rooms, zone, today, picked, onPick }: DayListProps) {
  const now = useNow(15_000);
  const nowHour = hourOf(new Date(now), zone);
  const plan = planDay(rooms, zone, today ? nowHour : undefined);
  const box = useRef<HTMLDivElement>(null);
  const hours = Array.from({ length: plan.lastHour - plan.firstHour + 1 }, (_, i) => plan.firstHour + i);
  useEffect(() => {
    const list = box.current;
    if (!today || !list) return;
    list.querySelector('.now-line')?.scrollIntoView({ block: 'center' });
    const end = list.scrollHeight - list.clientHeight;
    if (list.scrollTop > 0 && list.scrollTop < end - 1) list.scrollTop = Math.round(list.scrollTop / hourHeight) * hourHeight - 12; // no hour is cut in half
  }, [today]);
  return (
    <div class="day-scroll" ref={box}>
      <Placed as="div" class="day-grid" height={plan.height}>
        {hours.map((hour) => (
          <Placed as="p" class="hour figures" top={(hour - plan.firstHour) * hourHeight} key={hour}>
            <span>{hour % 24}:00</span>
          </Placed>
        ))}
        {today && <Placed as="div" class="now-line" top={(nowHour - plan.firstHour) * hourHeight} title={t('agenda.nowLine')} />}
        <ul>
          {plan.rows.map(({ room, top }) => (
            <Placed as="li" class="day-row-place" top={top} key={room.id}>
              <DayRow room={room} zone={zone} now={now} picked={room.id === picked} onPick={onPick} />
            </Placed>
          ))}
        </ul>
      </Placed>
    </div>
  );
}

type PlacedProps = { as: 'div' | 'p' | 'li'; class: string; top?: number; height?: number; title?: string; children?: preact.ComponentChildren };

/** An element at a place that only its data knows; set through the CSSOM. */
function Placed({ as: Tag, top, height, children, ...rest }: PlacedProps) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (top !== undefined) box.current?.style.setProperty('--top', `${top}px`);
    if (height !== undefined) box.current?.style.setProperty('--height', `${height}px`);
  }, [top, height]);
  return <Tag ref={box as never} {...rest}>{children}</Tag>;
}

type DayRowProps = { room: RoomRow; zone: string; now: number; picked: boolean; onPick: (id: string) => void };

function DayRow({ room, zone, now, picked, onPick }: DayRowProps) {
  return (
    <button
      type="button"
      class={classes('day-row inset-focus', picked && 'picked', (isDone(room) || isOver(room)) && 'past')}
      aria-pressed={picked}
      data-testid="manager-room-row"
      data-room={room.id}
      data-state={room.state}
      onClick={() => onPick(room.id)}
    >
      <time dateTime={room.at}>{clock(room.at, zone)}</time>
      <span class="day-name">{room.sellerName || room.id}</span>
      <span class="day-language">{languageName(room.language, room.language)}</span>
      <span class="day-state"><StateBadge room={room} now={now} /></span>
    </button>
  );
}

/** What stands at the end of a row: the outcome, or how far the room is. */
function StateBadge({ room, now }: { room: RoomRow; now: number }) {
  if (room.verdict) return <VerdictBadge verdict={room.verdict}>{word('verdict', room.verdict)}</VerdictBadge>;
  switch (room.state) {
    case 'waiting':
      return <Badge tone="ok" icon={Clock}>{t('state.waiting')}</Badge>;
    case 'live':
      return <Badge tone="accent" icon={Video}>{t('state.live')}</Badge>;
    case 'interrupted':
    case 'ended':
      return <Badge tone="warn" icon={AlertTriangle}>{word('state', room.state)}</Badge>;
    case 'damaged':
      return <Badge tone="warn" icon={AlertTriangle}>{t('state.damaged')}</Badge>;
    case 'no_show':
      return <Badge icon={UserRoundX}>{t('state.no_show')}</Badge>;
    case 'cancelled':
    case 'expired':
    case 'aborted':
      return <Badge icon={CircleSlash}>{word('state', room.state)}</Badge>;
  }
  const minutes = Math.ceil((Date.parse(room.at) - now) / 60_000);
  return <span class="day-soon">{minutes > 0 && minutes < 100 ? t('agenda.in', { count: minutes }) : word('state', room.state)}</span>;
}
