// The media of the seller's page in Firefox: rehearsal, call both ways, a capture, chat, mute, end. The
// account manager has Chromium.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import test, { after, before } from 'node:test';
import { context, DESK, launch, open, picturing, playing } from '../product/browser.mjs';
import { FIREFOX, startFirefox } from './firefox.mjs';
import { start } from '../product/server.mjs';
import * as step from '../product/steps.mjs';

// Firefox sends nothing to a loopback address, so media have another of this machine's.
const address = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const skip = !FIREFOX ? 'NOT CHECKED: no Firefox is installed (apt-get install firefox-esr)' : !address ? 'NOT CHECKED: this machine has no address but loopback' : false;
let server;
let desk;
let firefox;

before(async () => {
  if (skip) return;
  server = await start('--media-listen', `${address}:0`);
  [desk, firefox] = await Promise.all([launch(null, ['--use-fake-device-for-media-stream']), startFirefox()]);
});

after(async () => {
  await Promise.all([desk?.close(), firefox?.close()]);
  if (server) await server.kill();
  await server?.remove();
});

const plays = (id) => {
  const video = document.querySelector(`[data-testid="${id}"]`);
  return video && video.videoWidth > 0 && video.currentTime > 0.2 && !video.paused;
};

test('a seller with Firefox is seen and heard, sees and hears', { skip }, async () => {
  const manager = await open(await context(desk, DESK));
  await picturing('firefox', { manager }, async () => {
    const room = await server.room();
    await step.signIn(manager, server.lines.manager, '/manager');
    await manager.goto(`${server.url}/manager/room/${room.id}`);
    await step.managerJoins(manager);

    await firefox.goto(room.sellerLink);
    await firefox.click('seller-continue');
    await firefox.until('the own picture', plays, 'seller-preview');
    await firefox.until('the network, measured through the server', () => ['ok', 'warn'].includes(document.querySelector('[data-testid="check-network"]')?.dataset.state));
    await firefox.click('seller-camera-ok');
    await firefox.click('seller-agree');
    await firefox.until('the waiting room', () => document.querySelector('[data-testid="seller-waiting"]') !== null);
    await manager.getByTestId('manager-admit').click();
    await playing(manager, 'manager-remote-video');
    await firefox.until("the account manager's picture", plays, 'seller-remote-video');
    await step.hears(manager, 'manager-remote-video');
    const sound = await firefox.evaluate(() => document.querySelector('[data-testid="seller-remote-video"]').srcObject.getAudioTracks().map((track) => track.readyState));
    assert.deepEqual(sound, ['live']);

    await step.chat(manager, seller());
    await firefox.evaluate(() => document.querySelector('[data-testid="seller-mute"]').click());
    await manager.locator('.seller-marks > *').first().waitFor();
    await firefox.evaluate(() => document.querySelector('[data-testid="seller-mute"]').click());
    await manager.locator('.seller-marks > *').first().waitFor({ state: 'detached' });
    assert.match(await step.capture(manager, 'FACE'), /^[0-9a-f]{64}$/);
    await step.end(manager, seller());
  });
});

/** What steps.mjs does on a page, for Firefox. */
function seller() {
  const by = (id) => ({
    click: () => firefox.click(id),
    waitFor: () => firefox.until(id, (testid) => document.querySelector(`[data-testid="${testid}"]`) !== null, id),
    fill: (text) => firefox.until(id, (testid, value) => {
      const input = document.querySelector(`[data-testid="${testid}"]`);
      if (!input) return false;
      input.value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      return true;
    }, id, text),
  });
  const css = (selector) => ({
    click: () => firefox.evaluate((sought) => document.querySelector(sought).click(), selector),
    getByText: (text) => ({ waitFor: () => firefox.until(text, (sought, words) => document.querySelector(sought)?.innerText.includes(words), selector, text) }),
  });
  return { getByTestId: by, locator: css };
}
