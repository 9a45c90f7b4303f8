// The seller's way changes in the call, by another address or by a router that
// forgets what goes through it: the page notices, and both have pictures again.
import assert from 'node:assert/strict';
import test from 'node:test';
import { callBetween, pause, print, watchFrames } from './call.mjs';
import { machines } from './machines.mjs';

const NOTICED = 2500; // ms after the change
const PICTURES = 2000; // ms after that

async function changes(t, name, change) {
  const lab = await machines(t, import.meta.filename);
  if (!lab) return;
  const c = await callBetween(lab);
  try {
    const pages = { manager: c.manager, seller: c.seller };
    const frames = {};
    for (const [who, page] of Object.entries(pages)) frames[who] = await watchFrames(page, `${who}-remote-video`);
    await pause(3000);
    await change(lab);
    const since = {};
    for (const who of Object.keys(pages)) since[who] = await frames[who].now();
    await c.seller.waitForFunction((at) => window.restarts?.some((each) => each > at - 500), since.seller);
    const noticed = await c.seller.evaluate((at) => window.restarts.find((each) => each > at - 500), since.seller) - since.seller;
    const result = { noticed_ms: Math.max(0, Math.round(noticed)) }; // 0: before the change was over
    for (const who of Object.keys(pages)) {
      let first;
      while (!first) {
        await pause(100);
        first = (await frames[who].read()).find((f) => f.came > since[who] + noticed); // over the new way: the old one brings nothing more
      }
      result[`${who}_ms`] = Math.round(first.at - since[who] - noticed);
    }
    print(name, { ...result, connections: await c.seller.evaluate(() => window.peers.length) });
    assert.ok(noticed <= NOTICED, `noticed after ${result.noticed_ms} ms`);
    for (const who of Object.keys(pages)) assert.ok(result[`${who}_ms`] <= PICTURES, `pictures at the ${who} after ${result[`${who}_ms`]} ms`);
  } finally {
    await c.close();
  }
}

test('a seller whose address changes', (t) => changes(t, 'address', (lab) => lab.readdress()));
test('a seller whose router forgets', (t) => changes(t, 'forgotten', (lab) => lab.forget()));
