import assert from 'node:assert/strict';
import test from 'node:test';
import { hourHeight, hourOf, isDone, isOver, nextCall, planDay, rowHeight } from '../src/manager/agenda/day.ts';

const room = (id, at, state = 'booked') => ({ id, at, state });
const zone = 'Europe/Berlin'; // UTC+1 in November

test('an empty day shows the office hours', () => {
  assert.deepEqual(planDay([], zone), { firstHour: 9, lastHour: 18, rows: [], height: 9 * hourHeight + 12 });
});

test('rooms, and now, outside of the office hours make the day longer', () => {
  const plan = planDay([room('a', '2026-11-26T05:15:00Z'), room('b', '2026-11-26T20:30:00Z')], zone);
  assert.deepEqual([plan.firstHour, plan.lastHour], [6, 22]);
  assert.equal(planDay([], zone, 23.5).lastHour, 24);
  assert.equal(planDay([], zone, 2.1).firstHour, 2);
});

test('rows stand at their times and never overlap', () => {
  const at = '2026-11-26T09:00:00Z';
  const { rows } = planDay([room('b', at), room('a', at), room('c', '2026-11-26T10:00:00Z')], zone);
  assert.deepEqual(rows.map((row) => row.room.id), ['a', 'b', 'c']);
  assert.equal(rows[0].top, hourHeight + 1);
  for (let i = 1; i < rows.length; i++) assert.ok(rows[i].top >= rows[i - 1].top + rowHeight);
  assert.equal(rows[2].top, 2 * hourHeight + 1, 'a later room is not moved for nothing');
});

test('many rooms at once make the column as high as they need', () => {
  const plan = planDay(Array.from({ length: 40 }, (_, i) => room(`r${i}`, '2026-11-26T16:00:00Z')), zone);
  assert.ok(plan.height >= plan.rows.at(-1).top + rowHeight);
});

test('the time of day is the zone\'s', () => {
  assert.equal(hourOf('2026-11-26T15:30:00Z', zone), 16.5);
  assert.equal(hourOf('2026-11-26T15:30:00Z', 'Asia/Kolkata'), 21);
  assert.equal(hourOf('2026-11-26T23:30:00Z', zone), 0.5);
});

test('a call that is on comes before one who waits, then an open verdict, then the earliest', () => {
  const rooms = [room('late', '2026-11-26T12:00:00Z'), room('early', '2026-11-26T10:00:00Z'), room('over', '2026-11-26T08:00:00Z', 'decided'),
    room('ended', '2026-11-26T13:00:00Z', 'ended'), room('waits', '2026-11-26T14:00:00Z', 'waiting'), room('live', '2026-11-26T15:00:00Z', 'live')];
  const order = [];
  for (let left = rooms; nextCall(left); left = left.filter((each) => each !== order.at(-1))) order.push(nextCall(left));
  assert.deepEqual(order.map((each) => each.id), ['live', 'waits', 'ended', 'early', 'late']);
  assert.equal(nextCall([]), undefined);
});

test('every state is done, over, or neither', () => {
  assert.ok(isDone(room('a', '', 'decided')) && !isOver(room('a', '', 'decided')));
  assert.ok(isOver(room('a', '', 'aborted')) && !isDone(room('a', '', 'aborted')));
  assert.ok(!isDone(room('a', '', 'live')) && !isOver(room('a', '', 'live')));
});
