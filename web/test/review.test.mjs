import assert from 'node:assert/strict';
import test from 'node:test';
import { networkOf } from '../src/audit/review/quality.ts';
import { outline } from '../src/audit/review/sound.ts';
import { reach, rowHeight, windowOf } from '../src/audit/worklist/rows.ts';
import { readFilters, toQuery, writeFilters } from '../src/audit/worklist/filters.ts';

const from = '2026-11-26T15:30:00Z';
const line = (s, tracks, who = 'server') => JSON.stringify({ at: new Date(Date.parse(from) + s * 1000).toISOString(), who, tracks });
const track = (more = {}) => ({ participant: 'seller', kind: 'video', fps: 25, kbps: 1600, loss: 6, rtt: 112, ...more });

test('the network lane has a stretch for each line of the server about the seller', () => {
  const text = [line(5, [track()]), 'not json', line(7, [track()], 'seller'), line(10, [track({ loss: 60 })]), line(15, [track({ fps: 2 })]), line(60, [track({ participant: 'manager' })]), line(95, [track()]), ''].join('\n');
  const found = networkOf(text, Date.parse(from), 100_000);
  assert.deepEqual(found.map(({ start, end, level }) => [start, end, level]), [[0, 5000, 'good'], [5000, 10_000, 'fair'], [10_000, 15_000, 'poor'], [80_000, 95_000, 'good']]);
});

test('an outline has the loudest sample of each stretch, and none outside', () => {
  const peaks = new Float32Array(10);
  outline(Float32Array.from([0.1, -0.9, 0.2, 0.3]), 2, 4000, 10_000, peaks); // half a second each, from 4 s on
  assert.deepEqual([...peaks].map((p) => Math.round(p * 10)), [0, 0, 0, 0, 9, 3, 0, 0, 0, 0]);
  outline(Float32Array.from([1, 1]), 1, 9000, 10_000, peaks);
  assert.equal(peaks[9], 1);
});

test('of a long list the rows that are seen are drawn, with some beyond', () => {
  assert.deepEqual(windowOf(5000, 0, 800), { from: 0, to: 40 });
  const { from: first, to } = windowOf(5000, 2000 * rowHeight, 800);
  assert.ok(first < 2000 && first > 1980 && to > 2020 && to < 2040);
  assert.deepEqual(windowOf(3, 0, 800), { from: 0, to: 3 });
  assert.deepEqual(windowOf(0, 500, 800), { from: 0, to: 0 });
  assert.equal(reach(3, 0, 800), undefined);
  assert.equal(reach(3, 1000, 800), 3 * rowHeight);
  assert.ok(reach(100, 0, 800) > 3000);
});

test('filters live in the address, a seller\'s mail does not', () => {
  const filters = { ...readFilters('?part=all&verdict=fail&age=3&from=2026-11-01&part2=x&to=nonsense'), seller: 'anna@example.org' };
  assert.equal(filters.part, 'all');
  assert.equal(filters.to, '');
  const written = writeFilters(filters);
  assert.ok(!written.includes('anna') && !written.includes('%40'), written);
  assert.deepEqual(readFilters(written), { ...filters, seller: '' });
  const query = toQuery(filters, 'Europe/Berlin', Date.parse('2026-11-28T12:00:00Z'));
  assert.deepEqual([query.part, query.from, query.to, query.verdict, query.seller], ['', '2026-10-31T23:00:00.000Z', '2026-11-25T12:00:00.000Z', 'fail', 'anna@example.org']);
  assert.equal(writeFilters(readFilters('')), '');
});
