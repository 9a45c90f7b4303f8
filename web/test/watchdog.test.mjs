import assert from 'node:assert/strict';
import test from 'node:test';
import { watchCamera } from '../src/seller/watchdog.ts';

/** A camera whose frames a test counts, looked at each half second of a clock of its own. */
function watched() {
  const it = { frames: 0, wanted: true, opened: 0, now: 0 };
  const dog = watchCamera({ frames: async () => it.frames, wanted: () => it.wanted, again: async () => { it.opened++; } }, () => it.now);
  it.pass = async (looks, frames) => {
    for (let i = 0; i < looks; i++) {
      it.now += 500;
      if (it.frames !== undefined) it.frames += frames;
      await dog.look();
    }
  };
  it.stop = dog.stop;
  return it;
}

test('a frozen camera is opened anew within 2 s, and not again at once', async (t) => {
  const it = watched();
  t.after(it.stop);
  await it.pass(10, 12);
  assert.equal(it.opened, 0, 'a camera that moves');
  await it.pass(3, 0);
  assert.equal(it.opened, 1, 'after 1.5 s without a frame');
  await it.pass(19, 0);
  assert.equal(it.opened, 1, 'it gets 10 s');
  await it.pass(8, 0);
  assert.equal(it.opened, 2);
});

test('a camera that is off, or of which nobody can tell, is left alone', async (t) => {
  const it = watched();
  t.after(it.stop);
  it.wanted = false;
  await it.pass(10, 0);
  it.wanted = true;
  it.frames = undefined;
  await it.pass(10, 0);
  assert.equal(it.opened, 0);
});
