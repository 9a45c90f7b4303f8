import type { RoomRow } from '../../shared/room';
import { wallOf } from '../../shared/walltime';

/** Height of an hour in the day column, and of a row in it, in pixels. */
export const hourHeight = 65;
export const rowHeight = 30;
const rowGap = 2;

/** Where the rows of a day stand. Hours count from the day's start; tops in pixels from the first hour. */
export interface DayPlan {
  firstHour: number;
  lastHour: number;
  rows: { room: RoomRow; top: number }[];
  height: number;
}

/**
 * planDay places the rooms of a day at their times. Rows never overlap: one that
 * would is moved down below the row before it.
 */
export function planDay(rooms: readonly RoomRow[], zone: string, nowHour?: number): DayPlan {
  const sorted = [...rooms].sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
  const hours = sorted.map((room) => hourOf(room.at, zone));
  const all = nowHour === undefined ? hours : [...hours, nowHour];
  const firstHour = Math.min(9, ...all.map(Math.floor));
  const lastHour = Math.min(24, Math.max(18, ...all.map((hour) => Math.floor(hour) + 1)));
  let free = 0;
  const rows = sorted.map((room, i) => {
    const top = Math.max(free, Math.round((hours[i]! - firstHour) * hourHeight) + 1);
    free = top + rowHeight + rowGap;
    return { room, top };
  });
  return { firstHour, lastHour, rows, height: Math.max((lastHour - firstHour) * hourHeight, free) + 12 };
}

/** hourOf gives the time of day in a zone as hours, 16.5 for 16:30. */
export function hourOf(at: string | Date, zone: string): number {
  const wall = wallOf(new Date(at), zone);
  return Number(wall.slice(11, 13)) + Number(wall.slice(14, 16)) / 60;
}

/** What a room asks of the manager, the most pressing first. */
const urgency: Partial<Record<RoomRow['state'], number>> = {
  live: 0, interrupted: 1, waiting: 2, ended: 3, booked: 4, invited: 4,
};

/**
 * nextCall gives the room that needs the manager next: a call that is on, then a
 * seller who waits, then a verdict that is open, then the earliest to come.
 */
export function nextCall(rooms: readonly RoomRow[]): RoomRow | undefined {
  return rooms
    .filter((room) => room.state in urgency)
    .sort((a, b) => urgency[a.state]! - urgency[b.state]! || a.at.localeCompare(b.at))[0];
}

const doneStates = new Set<RoomRow['state']>(['decided', 'in_review', 'closed', 'purged']);
const overStates = new Set<RoomRow['state']>(['cancelled', 'no_show', 'expired', 'aborted']);

export function isDone(room: RoomRow): boolean {
  return doneStates.has(room.state);
}

export function isOver(room: RoomRow): boolean {
  return overStates.has(room.state);
}
