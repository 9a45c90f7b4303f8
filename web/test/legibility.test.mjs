import assert from 'node:assert/strict';
import test from 'node:test';
import golden from '../../calls/legibility/testdata/golden.json';
import { lumaOf, measure } from '../src/shared/legibility.ts';

const inside = ([left, top, width, height], x, y) => x >= left && x < left + width && y >= top && y < top + height;

// Draws a picture of the golden set as calls/legibility's test does.
function draw(d) {
  const sharp = new Int32Array(d.width * d.height);
  for (let i = 0; i < sharp.length; i++) {
    const x = i % d.width;
    const y = Math.floor(i / d.width);
    let v = inside(d.card, x, y) ? d.paper : d.room;
    const line = Math.trunc(((y - d.zone[1]) * 5) / Math.max(1, d.zone[3]));
    if (inside(d.zone, x, y) && line !== 2 && (Math.trunc(((x - d.zone[0]) * 5) / d.pitch) % 5) % 2 === 1) v = d.ink;
    if (inside(d.burnt, x, y)) v = 255;
    sharp[i] = v;
  }
  const pix = new Uint8Array(sharp.length);
  for (let i = 0; i < sharp.length; i++) {
    const x = i % d.width;
    let sum = 0;
    for (let k = -d.smear; k <= d.smear; k++) sum += sharp[i - x + Math.max(0, Math.min(d.width - 1, x + k))];
    const y = Math.floor(i / d.width);
    const grain = ((x * x * 31 + y * y * 17 + x * y * 13 + x * 7) % (2 * d.grain + 1)) - d.grain;
    pix[i] = Math.max(0, Math.floor(sum / (2 * d.smear + 1)) + grain);
  }
  return { width: d.width, height: d.height, pix };
}

for (const { name, side, drawing, want } of golden) {
  test(`the page measures what the server measures: ${name}`, () => {
    assert.deepEqual(measure(draw(drawing), side === 1), want);
  });
}

test('luma of grey pixels is their grey', () => {
  const data = new Uint8ClampedArray([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
  assert.deepEqual([...lumaOf({ width: 3, height: 1, data }).pix], [0, 128, 255]);
});
