import assert from 'node:assert/strict';
import test from 'node:test';
import { covers, documentFrame, ratioOf, shownArea, topOf } from '../src/seller/call/frame.ts';

const phone = { width: 390, height: 500 };
const card = ratioOf('ID-1');

test('a wide camera in a tall box is shown whole, between bars', () => {
  const camera = { width: 1280, height: 720 };
  assert.equal(covers(phone, camera), false);
  assert.deepEqual(shownArea(phone, camera, false), { x: 0, y: (500 - 219.375) / 2, width: 390, height: 219.375 });
});

test('a camera of nearly the box\'s shape is cut to fill it', () => {
  assert.equal(covers(phone, { width: 720, height: 960 }), true);
  assert.deepEqual(shownArea(phone, { width: 720, height: 960 }, true), { x: 0, y: 0, ...phone });
});

test('before the camera\'s size is known the box is all there is', () => {
  const none = { width: 0, height: 0 };
  assert.equal(covers(phone, none), true);
  assert.deepEqual(shownArea(phone, none, false), { x: 0, y: 0, ...phone });
});

test('the frame has the document\'s shape plus its margin, is centred and inside', () => {
  for (const format of ['ID-1', 'ID-2', 'ID-3']) for (const area of [{ x: 0, y: 0, ...phone }, { x: 0, y: 140, width: 390, height: 219 }, { x: 12, y: 0, width: 200, height: 700 }]) {
    const ratio = ratioOf(format);
    const frame = documentFrame(area, ratio);
    assert.ok(Math.abs((frame.width - 20) / (frame.height - 20) - ratio) < 1e-9);
    assert.ok(Math.abs(frame.x + frame.width / 2 - area.x - area.width / 2) < 1e-9);
    assert.ok(Math.abs(frame.y + frame.height / 2 - area.y - area.height / 2) < 1e-9);
    assert.ok(frame.width <= area.width - 30 + 1e-9 && frame.height <= area.height - 30 + 1e-9, JSON.stringify(frame));
  }
});

test('a picture shown whole is in the middle, lower where something lies over the frame, and never cut', () => {
  const shown = { width: 360, height: 202.5 };
  assert.equal(topOf({ width: 360, height: 474 }, shown, 122, card), (474 - 202.5) / 2); // there is room
  const low = topOf({ width: 360, height: 374 }, shown, 122, card);
  const frame = documentFrame({ x: 0, y: low, ...shown }, card);
  assert.ok(low > (374 - 202.5) / 2 && frame.y >= 122, `${low}, ${frame.y}`);
  assert.ok(low + shown.height <= 374);
  assert.equal(topOf({ width: 360, height: 260 }, shown, 122, card), 57.5); // as low as it goes
  assert.equal(topOf({ width: 360, height: 200 }, shown, 122, card), 0);
});

test('a passport is less wide than a card, and what is not known is taken for a card', () => {
  assert.deepEqual(['ID-1', 'ID-2', 'ID-3', '', 'A4'].map(ratioOf), [1.586, 1.419, 1.42, 1.586, 1.586]);
});

test('no area, no frame of less than nothing', () => {
  const frame = documentFrame({ x: 0, y: 0, width: 0, height: 0 }, card);
  assert.ok(frame.width >= 0 && frame.height >= 0);
});
