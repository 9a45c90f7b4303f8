import { Check, FileText, Video } from 'lucide-preact';
import { useNow } from '../../shared/now';
import type { RoomRow } from '../../shared/room';
import { onLink } from '../../shared/route';
import { VerdictBadge } from '../../shared/staff';
import { city, clock, span, utcOffset } from '../../shared/times';
import { Badge, Icon, classes } from '../../shared/ui';
import { t, word } from '../text';
import { isDone, isOver } from './day';

type NextCallProps = { room: RoomRow; zone: string; waiting: RoomRow[]; onPick: (id: string) => void };

/** The band of the chosen call: when, who, whether the seller waits, and the way in. */
export function NextCall({ room, zone, waiting, onPick }: NextCallProps) {
  const now = useNow();
  const { label, figure } = figureOf(room, now, zone);
  const pressing = !isDone(room) && !isOver(room);
  return (
    <section class={classes('next card', pressing && 'pressing')}>
      <p class="next-when">
        <span class="next-label">{label}</span>
        <span class="next-figure figures">{figure}</span>
      </p>
      <div class="next-who">
        <h2>{room.sellerName}</h2>
        <p class="next-times figures">{timesOf(room, zone)}</p>
        <p class="next-badges">
          {room.state === 'waiting' && <Badge tone="ok" icon={Check}>{t('next.waits')}</Badge>}
          {(room.state === 'invited' || room.state === 'booked') && <Badge tone="line">{t('next.notWaiting')}</Badge>}
          {room.verdict && <VerdictBadge verdict={room.verdict}>{word('verdict', room.verdict)}</VerdictBadge>}
          {room.test && <Badge tone="line">{t('agenda.test')}</Badge>}
          {waiting[0] && (
            <button type="button" class="button link" onClick={() => onPick(waiting[0]!.id)}>
              {t('next.others', { count: waiting.length })}
            </button>
          )}
        </p>
      </div>
      <a class={classes('button next-open', pressing ? 'primary' : 'secondary')} href={`/manager/room/${room.id}`} data-testid="manager-open-console" onClick={onLink}>
        <Icon of={pressing ? Video : FileText} />
        <span>{openWords(room)}</span>
        <kbd class="key">Enter</kbd>
      </a>
    </section>
  );
}

function figureOf(room: RoomRow, now: number, zone: string): { label: string; figure: string } {
  switch (room.state) {
    case 'live':
      return { label: t('next.liveNow'), figure: t('next.liveFigure') };
    case 'interrupted':
      return { label: t('next.lostNow'), figure: t('next.lostFigure') };
    case 'waiting':
      return { label: t('next.waitsNow'), figure: t('next.waitsFigure') };
    case 'ended':
      return { label: t('next.verdictNow'), figure: t('next.verdictFigure') };
    case 'invited':
    case 'booked': {
      const left = Date.parse(room.at) - now;
      return left >= 0 ? { label: t('next.in'), figure: span(left) } : { label: t('next.late'), figure: span(-left) };
    }
  }
  return { label: word('state', room.state), figure: clock(room.at, zone) };
}

function timesOf(room: RoomRow, zone: string): string {
  const time = clock(room.at, zone);
  const same = utcOffset(room.at, zone) === utcOffset(room.at, room.zone);
  const where = { city: city(room.zone) };
  return same ? t('next.hereSame', { time, ...where }) : t('next.here', { time, other: clock(room.at, room.zone), ...where });
}

function openWords(room: RoomRow): string {
  if (room.state === 'live' || room.state === 'interrupted') return t('next.back');
  if (room.state === 'ended') return t('next.decide');
  return isDone(room) || isOver(room) ? t('next.view') : t('next.open');
}
