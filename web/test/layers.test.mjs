import assert from 'node:assert/strict';
import test from 'node:test';
import { wanted } from '../src/shared/layers.ts';

/** The states after each look. */
function after(looks, on = false) {
  let now = { on, streak: 0 };
  return looks.map((kbps) => (now = wanted(kbps * 1000, now.on, now.streak)).on);
}

test('the small picture begins after three good looks in a row', () => {
  assert.deepEqual(after([2000, 2000, 2000, 2000]), [false, false, true, true]);
  assert.deepEqual(after([2000, 2000, 1200, 2000, 2000, 2000]), [false, false, false, false, false, true]);
});

test('it ends at once when the network is short', () => {
  assert.deepEqual(after([1200, 1000, 900, 1200], true), [true, true, false, false]);
});
