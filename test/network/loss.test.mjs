// Each way of both participants loses 5 % of its packets and has 80 ms of round
// trip: the recorder still gets nearly everything, and the manager's picture
// doesn't stand still.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as step from '../product/steps.mjs';
import { call, figures, longestFreeze, pause, print, watchFrames } from './call.mjs';
import { bundle, frames } from './recorded.mjs';

const LOSSY = { loss: 5, delay: 40 };
const WINDOW = 60_000;
const SAMPLES = 960; // of an Opus packet, 20 ms
const DELAY = 40; // ms from the seller's count to the recorder's

test('5 % of the packets lost each way, 80 ms round trip', async () => {
  const c = await call();
  try {
    c.net.set({ 'seller.up': LOSSY, 'seller.down': LOSSY, 'manager.up': LOSSY, 'manager.down': LOSSY });
    await pause(5000);
    await c.net.counts();
    const shown = await watchFrames(c.manager, 'manager-remote-video');
    const [before, from, start] = [await figures(c.seller), Date.now(), await shown.now()];
    await pause(WINDOW);
    const [after, to, stop] = [await figures(c.seller), Date.now(), await shown.now()];
    const ways = await c.net.counts();
    const freeze = longestFreeze(await shown.read(), start, stop);
    await pause(2000); // for the last repairs
    await step.end(c.manager, c.seller);
    await step.decideAs(c.manager, 'refer', ['Q_FRAMERATE']);

    const bag = await bundle(c);
    const video = await frames(bag, 'video', from + DELAY, to + DELAY);
    const audio = await frames(bag, 'audio', from, to);
    const encoded = after['out.video.f'].framesSent - before['out.video.f'].framesSent;
    const spoken = ((audio.at(-1).rtp - audio[0].rtp) >>> 0) / SAMPLES + 1;
    const result = {
      frames_sent: encoded, frames_recorded: video.length, frames_percent: +((100 * video.length) / encoded).toFixed(2),
      audio_sent: spoken, audio_recorded: audio.length, audio_percent: +((100 * audio.length) / spoken).toFixed(2),
      freeze_ms: Math.round(freeze), lost_percent: Object.fromEntries(Object.entries(ways).map(([way, n]) => [way, +((100 * n.lost) / n.packets).toFixed(1)])),
    };
    print('loss', result);
    for (const [way, n] of Object.entries(ways)) assert.ok(n.lost > n.packets / 50, `${way} loses packets`);
    assert.ok(video.length >= 0.995 * encoded, `${video.length} of ${encoded} frames recorded`);
    assert.ok(audio.length >= 0.99 * spoken, `${audio.length} of ${spoken} packets of sound recorded`);
    assert.ok(freeze <= 500, `no freeze over 500 ms: ${result.freeze_ms} ms`);
  } finally {
    await c.close();
  }
});
