// The seller's uplink is cut to 150 kbit/s with 5 % loss: sound goes on, and a
// capture gives a zone that a machine reads, for frames are given up before pixels.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import * as step from '../product/steps.mjs';
import { SPECIMEN, td2 } from '../specimen/mrz.mjs';
import { readLine2, size } from '../specimen/read.mjs';
import { call, figures, lossOf, pause, print } from './call.mjs';
import { bundle } from './recorded.mjs';

const POOR = { 'seller.up': { kbps: 150, loss: 5, delay: 20 }, 'seller.down': { delay: 20 } };
const SETTLES = 15_000;
const LISTENS = 20_000;
const CAPTURES = 15_000;

test('an uplink of 150 kbit/s with 5 % loss', async () => {
  const c = await call();
  try {
    c.net.set(POOR);
    await pause(SETTLES);
    const before = (await figures(c.manager))['in.audio'];
    await pause(LISTENS);
    const after = (await figures(c.manager))['in.audio'];
    const begun = performance.now();
    const digest = await step.capture(c.manager, 'DOC_FRONT');
    const took = performance.now() - begun;
    c.net.set({ 'seller.up': {}, 'seller.down': {} });
    await step.end(c.manager, c.seller);
    await step.decideAs(c.manager, 'refer', ['Q_FRAMERATE']);

    const still = join(await bundle(c), 'data/stills', `${digest}.webp`);
    const result = { audio_loss_percent: +lossOf(before, after).toFixed(2), capture_ms: Math.round(took), ...(await size(still)), line2: await readLine2(still) };
    print('poor_uplink', result);
    assert.ok(result.audio_loss_percent < 2, `sound: ${result.audio_loss_percent} % lost`);
    assert.ok(took <= CAPTURES, `a capture within 15 s: ${result.capture_ms} ms`);
    assert.deepEqual([result.width, result.height], [1280, 720]);
    assert.equal(result.line2, td2(SPECIMEN)[1]);
  } finally {
    await c.close();
  }
});
