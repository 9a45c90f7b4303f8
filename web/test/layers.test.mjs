import assert from 'node:assert/strict';
import test from 'node:test';
import { encodings, wanted } from '../src/shared/layers.ts';

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

test('Firefox publishes one picture, others two', () => {
  assert.equal(encodings('Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0').length, 1);
  assert.deepEqual(encodings('Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0 Mobile Safari/537.36').map((each) => each.rid), ['q', 'f']);
});
