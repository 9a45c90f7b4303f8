// The manager's downlink is cut to 300 kbit/s for 30 s: his picture becomes the
// small one and goes on, his sound loses next to nothing, the recording keeps
// the full picture, and ten seconds after the cut he has the full one again.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as step from '../product/steps.mjs';
import { call, figures, longestFreeze, lossOf, pause, print, watchFrames } from './call.mjs';
import { bundle, sizes } from './recorded.mjs';

const CUT = 30_000;
const SETTLES = 5_000; // after the cut
const RETURNS = 10_000; // after its end

test('a manager whose downlink is cut to 300 kbit/s', async () => {
  const c = await call();
  try {
    const layered = () => figures(c.seller).then((s) => s['out.video.q']?.framesEncoded > 10);
    for (let i = 0; i < 30 && !(await layered()); i++) await pause(1000);
    assert.ok(await layered(), 'the seller publishes two layers');
    const frames = await watchFrames(c.manager, 'manager-remote-video');
    c.net.set({ 'manager.down': { kbps: 300 } });
    const cut = await frames.now();
    await pause(SETTLES);
    const before = (await figures(c.manager))['in.audio'];
    await pause(CUT - SETTLES);
    const after = (await figures(c.manager))['in.audio'];
    const end = await frames.now();
    c.net.set({ 'manager.down': {} });
    await pause(RETURNS + 2000);

    const shown = await frames.read();
    const small = shown.filter((f) => f.at > cut + SETTLES && f.at < end);
    const full = shown.find((f) => f.at > end && f.width === 1280);
    const result = {
      freeze_ms: Math.round(longestFreeze(shown, cut + SETTLES, end)), audio_loss_percent: +lossOf(before, after).toFixed(2),
      frames: small.length, full_again_ms: full ? Math.round(full.at - end) : null,
    };
    print('downlink_cut', result);
    assert.ok(result.freeze_ms <= 1000, `no freeze over 1 s: ${result.freeze_ms} ms`);
    assert.ok(result.audio_loss_percent < 2, `sound: ${result.audio_loss_percent} % lost`);
    assert.ok(small.every((f) => f.width === 320), 'the small picture while cut');
    assert.ok(full && full.at - end < RETURNS, `the full picture after ${result.full_again_ms} ms`);

    await step.end(c.manager, c.seller);
    await step.decideAs(c.manager, 'refer', ['Q_FRAMERATE']);
    assert.deepEqual(await sizes(await bundle(c)), ['1280x720'], 'the seller\'s recording has one size throughout');
  } finally {
    await c.close();
  }
});
