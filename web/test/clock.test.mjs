import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, covering, steer } from '../src/audit/review/clock.ts';

const loaded = (seconds, { start = 1000, playbackRate = 1 } = {}) => ({ start, deck: { currentTime: seconds, playbackRate } });

test('of spans that overlap the latest started is shown, and an end is outside', () => {
  const spans = [{ start: 0, end: 100 }, { start: 50, end: 80 }];
  assert.equal(covering(spans, 49), spans[0]);
  assert.equal(covering(spans, 50), spans[1]);
  assert.equal(covering(spans, 80), spans[0]);
  assert.equal(covering(spans, 100), undefined);
  assert.equal(covering(spans, -1), undefined);
});

test('a standing deck is put on the very time', () => {
  assert.deepEqual(steer(loaded(2), 3000, false, 1), { rate: 1 });
  assert.deepEqual(steer(loaded(2.002), 3000, false, 1), { seek: 2000, rate: 1 });
});

test('a running deck is left, nudged or sought by how far it is off', () => {
  assert.deepEqual(steer(loaded(2.05), 3000, true, 1), { rate: 1 });
  assert.deepEqual(steer(loaded(2.1), 3000, true, 1), { rate: 0.88 });
  assert.deepEqual(steer(loaded(1.9), 3000, true, 1), { rate: 1.12 });
  assert.deepEqual(steer(loaded(2.3), 3000, true, 1), { seek: 2000, rate: 1 });
});

test('a nudge goes on until the decks agree well', () => {
  assert.deepEqual(steer(loaded(2.04, { playbackRate: 0.88 }), 3000, true, 1), { rate: 0.88 });
  assert.deepEqual(steer(loaded(2.01, { playbackRate: 0.88 }), 3000, true, 1), { rate: 1 });
});

test('at four times the speed four times as much is borne', () => {
  assert.deepEqual(steer(loaded(2.3, { playbackRate: 4 }), 3000, true, 4), { rate: 4 });
  assert.deepEqual(steer(loaded(3.1, { playbackRate: 4 }), 3000, true, 4), { seek: 2000, rate: 4 });
});

/** A deck that does what it is told at once. */
function deck({ readyState = 4 } = {}) {
  return {
    currentTime: 0, playbackRate: 1, paused: true, seeking: false, ended: false, readyState, error: null,
    play() { this.paused = false; return Promise.resolve(); },
    pause() { this.paused = true; },
  };
}

/** Animation frames that the test gives. */
function frames() {
  let next;
  globalThis.requestAnimationFrame = (call) => { next = call; return 1; };
  globalThis.cancelAnimationFrame = () => { next = undefined; };
  return (now) => { const call = next; next = undefined; call?.(now); };
}

test('the clock runs, waits for a deck that has nothing to show, and stops at the end', () => {
  const frame = frames();
  const clock = new Clock(1000);
  const one = deck();
  clock.load('seller', { deck: one, start: 0 });
  const begin = performance.now();
  clock.play();
  assert.equal(one.paused, false);
  frame(begin + 200);
  assert.ok(Math.abs(clock.at.value - 200) < 50, `at ${clock.at.value}`);
  one.readyState = 1;
  const stood = clock.at.value;
  frame(begin + 300);
  assert.equal(clock.at.value, stood);
  assert.equal(clock.waiting.value, true);
  assert.equal(one.paused, true);
  one.readyState = 4;
  for (let i = 4; i < 16; i++) frame(begin + i * 100);
  assert.equal(clock.at.value, 1000);
  assert.equal(clock.playing.value, false);
  assert.equal(one.paused, true);
  clock.play();
  assert.equal(clock.at.value, 0, 'play at the end begins anew');
  clock.stop();
});

test('a seek stays within the line and moves every deck, a failed one excepted', () => {
  frames();
  const clock = new Clock(1000);
  const [one, other] = [deck(), deck({ readyState: 0 })];
  clock.load('seller', { deck: one, start: 200 });
  clock.load('manager', { deck: other, start: 0 });
  clock.seek(700);
  assert.equal(one.currentTime, 0.5);
  assert.equal(other.currentTime, 0);
  clock.seek(5000);
  assert.equal(clock.at.value, 1000);
  clock.seek(-5);
  assert.equal(clock.at.value, 0);
});
