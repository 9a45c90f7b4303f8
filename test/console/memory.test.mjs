// A long session in the manager's console: one live call, and all that a manager
// does in it again and again. What the page holds (JS heap after a collection, DOM
// nodes, listeners) is printed each minute and must not grow. MINUTES says how long
// (120 without it).
import assert from 'node:assert/strict';
import test from 'node:test';
import { cardFilm, faceFilm } from '../specimen/film.mjs';
import { context, DESK, launch, open, PHONE, playing } from '../product/browser.mjs';
import { pause, start } from '../product/server.mjs';
import * as step from '../product/steps.mjs';

const minutes = Number(process.env.MINUTES ?? 120);
const warm = Math.min(4, minutes / 3); // minutes until all panes and pictures were shown and the sparklines are full
/** What may be more at the end than after the warm-up: engines keep caches, chat has lines. */
const most = { heap: 3e6, nodes: 0.15, listeners: 0.1 };

/** What the page holds after everything that can be collected was. */
async function held(devtools) {
  for (let i = 0; i < 3; i++) await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const of = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  return { heap: of.JSHeapUsedSize, nodes: of.Nodes, listeners: of.JSEventListeners };
}

/** What a manager does in a few steps of a plan, ending where it began. */
async function work(manager, seller, round) {
  const by = (id) => manager.getByTestId(id);
  for (const tab of ['face', 'fields', 'document']) {
    await by(`manager-tab-${tab}`).click();
    for (const mode of await manager.locator('.compare .segments button').all()) await mode.click();
    await by('manager-view-b').hover(); // the upper one where they lie on each other
    await manager.mouse.wheel(0, -300);
    await pause(300);
  }
  for (const slot of step.SLOTS) {
    await by(`manager-step-${slot}`).click();
    await manager.locator(`[aria-current="step"] > [data-testid="manager-step-${slot}"]`).waitFor();
  }
  for (const key of ['Shift+S', '?', 'v']) {
    await manager.locator('.plan').focus();
    await manager.keyboard.press(key);
    await manager.locator('dialog[open]').waitFor();
    if (key === 'v') await by('verdict-recapture').click();
    await manager.keyboard.press('Escape');
    await manager.locator('dialog[open]').waitFor({ state: 'detached' });
  }
  await by('manager-mute').click();
  await by('manager-mute').click();
  if (round % 6 === 3) { // the seller's page goes away and comes back
    await seller.reload();
    await playing(seller, 'seller-remote-video');
    await playing(manager, 'manager-remote-video');
  }
  if (round % 10 === 5) { // to the agenda and into the call again
    await manager.locator('.bar-home').click();
    await by('manager-open-console').first().waitFor();
    await manager.goBack();
    await playing(manager, 'manager-remote-video');
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

test(`a console session of ${minutes} minutes does not grow in memory`, async () => {
  const server = await start();
  const browsers = await Promise.all([launch(await cardFilm(720)), launch(await faceFilm(360))]);
  try {
    const seller = await open(await context(browsers[0], PHONE));
    const manager = await open(await context(browsers[1], DESK));
    manager.heard = { push() {} }; // the frames of two hours are not to be kept here
    seller.heard = manager.heard;
    await step.signIn(manager, server.lines.manager, '/manager');
    const { link } = await step.makeRoom(manager);
    await step.openConsole(manager);
    await step.managerJoins(manager);
    await step.toWaiting(seller, link);
    await step.admit(manager, seller);
    for (const slot of step.SLOTS) await step.capture(manager, slot);
    await step.chat(manager, seller);
    const devtools = await manager.context().newCDPSession(manager);
    await devtools.send('Performance.enable');
    const began = Date.now();
    const at = () => (Date.now() - began) / 60000;
    const samples = [];
    for (let round = 0; at() < minutes; round++) {
      await work(manager, seller, round);
      if (samples.length < 1 + Math.floor(at() * 2)) { // twice a minute
        const now = { minute: Number(at().toFixed(1)), ...await held(devtools) };
        samples.push(now);
        console.log(JSON.stringify(now));
      }
      await pause(2000);
    }
    const settled = samples.filter(({ minute }) => minute >= warm);
    const third = Math.max(1, Math.floor(settled.length / 3));
    const of = (list) => Object.fromEntries(Object.keys(most).map((what) => [what, median(list.map((each) => each[what]))]));
    const first = of(settled.slice(0, third));
    const last = of(settled.slice(-third));
    console.log(JSON.stringify({ minutes, samples: samples.length, first, last }));
    assert.ok(settled.length >= 3, 'enough was measured');
    assert.ok(last.heap <= first.heap + most.heap, `the heap grew from ${first.heap} to ${last.heap} bytes`);
    for (const what of ['nodes', 'listeners']) assert.ok(last[what] <= first[what] * (1 + most[what]), `${what} grew from ${first[what]} to ${last[what]}`);
    assert.deepEqual(manager.complaints, []);
  } finally {
    await Promise.all(browsers.map((each) => each.close()));
    await server.kill();
    await server.remove();
  }
});
