// How a connection begins: over 300 kbit/s sound comes soon and without a queue,
// on a good network the full bitrate is found soon.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as step from '../product/steps.mjs';
import { call, figures, pause, print } from './call.mjs';

const SOUND = 3000; // ms from letting the seller in to the manager's hearing
const ROUND_TRIP = 500; // ms
const FOUND = 3000; // ms from the connection to 2.5 Mbit/s
const MEASURED = 6000; // ms in the waiting room, by when the server has measured the uplink

test('a seller joins over 300 kbit/s', async () => {
  const narrow = { kbps: 300, delay: 20 };
  const c = await call({ conditions: { 'seller.up': narrow, 'seller.down': narrow }, admitted: false });
  try {
    await pause(MEASURED);
    const admitted = step.admit(c.manager, c.seller);
    const begun = performance.now();
    let sound;
    const trips = [];
    while (performance.now() - begun < 10_000) {
      const { [`in.audio`]: audio } = await figures(c.manager);
      if (!sound && audio?.totalAudioEnergy > 0) sound = performance.now() - begun;
      trips.push(1000 * ((await figures(c.seller)).pair?.currentRoundTripTime ?? 0));
      await pause(200);
    }
    await admitted;
    const result = { sound_ms: Math.round(sound), rtt_ms: Math.round(Math.max(...trips)), rtt_median_ms: Math.round(trips.sort((a, b) => a - b)[trips.length >> 1]) };
    print('join_300', result);
    assert.ok(sound <= SOUND, `sound after ${result.sound_ms} ms`);
    assert.ok(result.rtt_ms < ROUND_TRIP, `a round trip of ${result.rtt_ms} ms`);
  } finally {
    await c.close();
  }
});

test('a seller joins over a good network', async () => {
  const c = await call({ admitted: false });
  try {
    const found = await c.seller.evaluate(async (wanted) => {
      for (;;) {
        const since = performance.now() - window.connectedAt;
        for (const each of (await window.peers.at(-1).getStats()).values()) {
          if (each.type === 'candidate-pair' && each.nominated && each.availableOutgoingBitrate >= wanted) return since;
        }
        if (since > 20_000) return Infinity;
        await new Promise((done) => { setTimeout(done, 50); });
      }
    }, 2_500_000);
    print('join_good', { ms_to_2500_kbps: Math.round(found) });
    assert.ok(found <= FOUND, `2.5 Mbit/s after ${Math.round(found)} ms`);
  } finally {
    await c.close();
  }
});
