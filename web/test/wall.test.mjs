import assert from 'node:assert/strict';
import test from 'node:test';
import { running, standingOf, worstFirst } from '../src/operate/order.ts';
import { near, opens } from '../src/seller/soon.ts';

const call = (room, more = {}) => ({ room, state: 'live', figures: true, coverage: 998, floor: 980, failing: '', returning: '', ...more });

test('the worst call comes first, equals stay in order', () => {
  const calls = [call('R-2'), call('R-1'), call('R-4', { state: 'interrupted' }), call('R-3', { coverage: 970 }), call('R-9', { failing: 'disk_full' })];
  assert.deepEqual(worstFirst(calls).map((each) => each.room), ['R-9', 'R-3', 'R-4', 'R-1', 'R-2']);
  assert.deepEqual(calls.map(standingOf), ['well', 'well', 'returning', 'low', 'failing']);
});

test('a call on another node is not called poor for want of figures', () => {
  assert.equal(standingOf(call('R-1', { figures: false, coverage: 0, floor: 0 })), 'well');
});

test('how many calls ran at a time', () => {
  const spans = [{ from: '2026-11-24T10:00:00Z', to: '2026-11-24T10:10:00Z' }, { from: '2026-11-24T10:05:00Z' }];
  const at = (minute) => Date.parse('2026-11-24T10:00:00Z') + minute * 60_000;
  assert.deepEqual(running(spans, [at(-1), at(0), at(5), at(10), at(60)]), [0, 1, 2, 1, 1]);
});

test('the call is near a quarter of an hour before, and ever after', () => {
  const at = '2026-11-24T10:00:00Z';
  assert.equal(near(at, Date.parse('2026-11-24T09:44:59Z')), false);
  assert.equal(near(at, Date.parse('2026-11-24T09:45:00Z')), true);
  assert.equal(near(at, Date.parse('2026-11-25T00:00:00Z')), true);
  assert.equal(opens(at).toISOString(), '2026-11-24T09:45:00.000Z');
});
