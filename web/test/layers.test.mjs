import assert from 'node:assert/strict';
import test from 'node:test';
import { wanted } from '../src/shared/layers.ts';

/** The states after each look. */
function after(looks, on = false) {
  let now = { on, streak: 0 };
  return looks.map(([bitrate, busy = false]) => (now = wanted({ bitrate: bitrate * 1000, busy }, now.on, now.streak)).on);
}

test('the small picture begins after three good looks in a row', () => {
  assert.deepEqual(after([[2000], [2000], [2000], [2000]]), [false, false, true, true]);
  assert.deepEqual(after([[2000], [2000], [1200], [2000], [2000], [2000]]), [false, false, false, false, false, true]);
});

test('it ends at once when the network or the processor is short', () => {
  assert.deepEqual(after([[1200], [1000], [900], [1200]], true), [true, true, false, false]);
  assert.deepEqual(after([[2000, true], [2000]], true), [false, false]);
});
