// What a weak network, a phone that slept, a lost network and an old browser make of a seller's pages, on rooms without media.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, launch, open, PHONE, picturing } from './browser.mjs';
import { start } from './server.mjs';
import * as step from './steps.mjs';

const SMALL = { ...PHONE, viewport: { width: 360, height: 740 } };
let server;
let browser;

before(async () => {
  server = await start();
  browser = await launch(null);
});

after(async () => {
  await browser?.close();
  await server?.kill();
  await server?.remove();
});

const by = (page, id) => page.getByTestId(id);

const newRoom = (wish) => server.room(wish);

/** A phone on its room's first page; its connections pass until they are muted, as those of a device are whose network went away without a word. */
async function muteable(link) {
  const page = await open(await context(browser, SMALL));
  page.wires = [];
  page.dark = false; // there is no network
  await page.routeWebSocket(/\/ws\/seller/, (wire) => {
    const its = { wire, muted: page.dark };
    page.wires.push(its);
    const far = wire.connectToServer();
    wire.onMessage((frame) => its.muted || far.send(frame));
    far.onMessage((frame) => its.muted || wire.send(frame));
  });
  await page.goto(link);
  await by(page, 'seller-continue').waitFor();
  await page.evaluate(() => { globalThis.sameLoad = true; });
  return page;
}

const mute = (page) => page.wires.forEach((wire) => { wire.muted = true; });

/** Another tab of the same browser calls the appointment off. */
async function cancelled(page) {
  const other = await open(page.context(), `${server.url}/privacy`);
  const status = await other.evaluate(() => fetch('/api/seller/cancel', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }).then((answer) => answer.status));
  assert.equal(status, 200);
  await other.close();
}

test('a phone that slept hears what happened meanwhile, without a reload', async () => {
  const page = await muteable((await newRoom()).sellerLink);
  await picturing('slept', { page }, async () => {
    const seen = (hidden) => page.evaluate((away) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => away });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
    await seen(true);
    const phone = await page.context().newCDPSession(page);
    await phone.send('Page.setWebLifecycleState', { state: 'frozen' });
    mute(page);
    await cancelled(page);
    assert.equal(await page.locator('[data-testid^="seller-end-"]').count(), 0, 'a muted connection brought the news');
    await phone.send('Page.setWebLifecycleState', { state: 'active' });
    await page.evaluate(() => { const now = Date.now; Date.now = () => now() + 60_000; }); // it slept for a minute
    await seen(false);
    await page.locator('[data-testid^="seller-end-"]').first().waitFor();
    assert.equal(page.wires.length, 2, 'the silent connection is left for a new one');
    assert.equal(await page.evaluate(() => globalThis.sameLoad), true, 'the page was loaded anew');
  });
  await page.context().close();
});

test('without a network the page says so, keeps what it shows, and goes on by itself', async () => {
  const page = await muteable((await newRoom()).sellerLink);
  await picturing('offline', { page }, async () => {
    page.dark = true;
    mute(page);
    await page.context().setOffline(true);
    await by(page, 'seller-away').waitFor();
    assert.match(await by(page, 'seller-away').innerText(), /offline/i);
    await by(page, 'seller-continue').waitFor();
    await clean(page, 'offline');
    page.dark = false;
    await page.context().setOffline(false);
    for (const { wire, muted } of page.wires) if (muted) await wire.close();
    await by(page, 'seller-away').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => globalThis.sameLoad), true, 'the page was loaded anew');
  });
  await page.context().close();
});

test('on a slow network a time is booked once by an impatient finger, and a picture of the ID and a PDF arrive', async () => {
  const page = await open(await context(browser, SMALL));
  const { sellerLink } = await newRoom({ book: true });
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 400e3 / 8, uploadThroughput: 400e3 / 8 });
  const booked = [];
  page.on('request', (asked) => asked.method() === 'POST' && asked.url().endsWith('/api/seller/appointment') && booked.push(asked));
  await picturing('slow', { page }, async () => {
    await page.goto(sellerLink);
    await by(page, 'booking-slot').first().click();
    await by(page, 'booking-book').dblclick();
    await by(page, 'seller-continue').waitFor();
    assert.equal(booked.length, 1, 'the second click was sent too');
    await by(page, 'seller-bring').click();
    await page.locator('[data-testid="seller-document-id_front"] input[type="file"]').setInputFiles(step.DOCUMENTS.id_front);
    await page.locator('[data-testid="seller-document-id_front"][data-there="true"]').waitFor();
    const pdf = (text) => ({ name: 'extract.pdf', mimeType: 'application/pdf', buffer: Buffer.from(text) });
    const other = page.locator('[data-testid="seller-document-other"]');
    await other.locator('input[type="file"]').setInputFiles(pdf('%PDF-1.7'));
    await other.getByRole('alert').getByText(/PDF/).waitFor();
    await other.locator('input[type="file"]').setInputFiles(pdf(step.PDF));
    await page.locator('[data-testid="seller-document-other"][data-there="true"]').waitFor();
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('a browser without WebRTC is told kindly, and can do all but the call', async () => {
  const page = await open(await context(browser, SMALL));
  await page.addInitScript(() => { delete globalThis.RTCPeerConnection; });
  await picturing('no-webrtc', { page }, async () => {
    await page.goto((await newRoom()).sellerLink);
    await by(page, 'seller-bring').click();
    await by(page, 'seller-documents-done').click();
    await by(page, 'seller-continue').click();
    await by(page, 'seller-end-browser').waitFor();
    await clean(page, 'a browser without WebRTC');
    await page.goBack();
    await by(page, 'seller-continue').waitFor();
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});
