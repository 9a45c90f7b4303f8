// What goes wrong, and what the pages say then: links, cameras, consent, a second
// tab, another device, a lost connection, a stopping server.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { cardFilm, faceFilm } from '../specimen/film.mjs';
import { context, DESK, launch, open, PHONE, picturing, playing } from './browser.mjs';
import { pause, start } from './server.mjs';
import * as step from './steps.mjs';

let server;
let seller; // browser with the card as its camera
let desk; // browser with the manager's face
const more = []; // browsers of single tests

before(async () => {
  server = await start();
  [seller, desk] = await Promise.all([launch(await cardFilm(360)), launch(await faceFilm(360))]);
});

after(async () => {
  await Promise.all([seller, desk, ...more].map((browser) => browser?.close()));
  if (server) await server.kill();
  await server?.remove();
});

/** A test room by the API: its id, the seller's and the manager's link. */
const newRoom = () => server.room({ test: true });

/** A seller's page on its own context; kept in pages for the pictures of a failure. */
async function phone(browser, link, options) {
  const page = await open(await context(browser, PHONE, options));
  if (link) await page.goto(link);
  return page;
}

/** A browser without a camera. */
async function another(args) {
  const browser = await launch(null, args);
  more.push(browser);
  return browser;
}

const roomState = async (id) => (await (await server.api(`/api/v1/rooms/${id}`)).json());

/** Waits until check() holds, asking every so many ms, for 20 s. */
async function until(what, check, ms = 500) {
  for (let i = 0; i < 20000 / ms; i++) {
    if (await check()) return;
    await pause(ms);
  }
  assert.fail(`never came true: ${what}`);
}

test('an unknown link says so', async () => {
  const page = await phone(seller, `${server.url}/j/AAAAAAAAAAAAAAAAAAAAAA`);
  await picturing('unknown-link', { page }, async () => {
    await page.getByTestId('seller-end-link_unknown').waitFor();
    assert.doesNotMatch(await page.locator('h1').innerText(), /undefined|link_unknown/);
  });
  await page.context().close();
});

test('a cancelled appointment says so', async () => {
  const manager = await open(await context(desk, DESK));
  await picturing('cancelled', { manager }, async () => {
    await step.signIn(manager, server.lines.manager, '/manager');
    const { link } = await step.makeRoom(manager);
    await manager.getByTestId('manager-link-close').click();
    await manager.getByTestId('manager-cancel').click();
    await manager.getByTestId('manager-cancel-confirm').click();
    await manager.getByTestId('manager-cancel-confirm').waitFor({ state: 'detached' });
    const page = await phone(seller, link);
    await page.locator('[data-testid="seller-end-room_cancelled"], [data-testid="seller-end-cancelled"]').waitFor();
    await page.context().close();
  });
  await manager.context().close();
});

test('a manager\'s link for one room opens no other', async () => {
  const [one, other] = await Promise.all([newRoom(), newRoom()]);
  const ctx = await context(desk, DESK);
  const page = await open(ctx);
  await step.signIn(page, one.managerLink, '/manager');
  const status = (path) => page.evaluate((p) => fetch(p).then((r) => r.status), path);
  assert.equal(await status(`/api/manager/rooms/${one.id}`), 200);
  assert.ok([403, 404].includes(await status(`/api/manager/rooms/${other.id}`)));
  assert.ok([401, 403].includes(await status('/api/audit/rooms')));
  const again = await open(await context(desk, DESK));
  await again.goto(one.managerLink);
  await again.waitForTimeout(1500);
  assert.ok(again.url().includes('/in/') || !again.url().includes('/manager'), 'a manager\'s link works once');
  await Promise.all([ctx.close(), again.context().close()]);
});

for (const [fault, how] of [
  ['denied', async () => phone(seller, null, { camera: false })],
  ['absent', async () => phone(await another())],
  ['busy', async () => {
    const page = await phone(seller);
    // No browser can be told to have its camera taken by another program: this one line stands in for that program.
    await page.addInitScript(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Could not start video source', 'NotReadableError')); });
    return page;
  }],
  ['insecure', async () => phone(await another(['--host-resolver-rules=MAP seller.test 127.0.0.1']))],
]) {
  test(`camera ${fault}: the page tells it and how to mend it`, async () => {
    const { sellerLink } = await newRoom();
    const page = await how();
    await picturing(`camera-${fault}`, { page }, async () => {
      await page.goto(fault === 'insecure' ? sellerLink.replace('127.0.0.1', 'seller.test') : sellerLink);
      await page.getByTestId('seller-continue').click();
      const fix = page.getByTestId(`seller-fix-${fault}`);
      await fix.waitFor();
      assert.ok((await fix.innerText()).length > 20, 'the fix is told in words');
      await page.getByTestId('seller-camera-again').waitFor();
      assert.equal(await page.getByTestId('seller-camera-ok').count(), 0);
    });
    await page.context().close();
  });
}

test('declining the notice ends kindly and records nothing', async () => {
  const { id, sellerLink } = await newRoom();
  const page = await phone(seller);
  await picturing('declined', { page }, async () => {
    await step.toNotice(page, sellerLink);
    await page.getByTestId('seller-decline').click();
    await page.getByTestId('seller-end-declined').waitFor();
    const room = await roomState(id);
    assert.equal(room.state, 'aborted');
    assert.equal(room.cause, 'P_NO_CONSENT');
    assert.deepEqual(await server.recorded(), { files: [], bytes: 0 });
  });
  await page.context().close();
});

test('one call: second tab, reload, lost socket, other device, withdrawal, stopping server', async (t) => {
  const { id, sellerLink, managerLink } = await newRoom();
  const pages = { manager: await open(await context(desk, DESK)) };
  const { manager } = pages;
  await picturing('one-call', pages, async () => {
    await step.signIn(manager, managerLink, '/manager');
    await manager.goto(`${server.url}/manager/room/${id}`);
    await step.managerJoins(manager);
    const ctx = await context(seller, PHONE);
    await ctx.addInitScript(() => { // so that the test can cut the page's own socket
      const Socket = window.WebSocket;
      window.sockets = [];
      window.WebSocket = class extends Socket { constructor(...args) { super(...args); window.sockets.push(this); } };
    });
    pages.first = await open(ctx);
    await step.toWaiting(pages.first, sellerLink);
    await step.admit(manager, pages.first);
    await manager.getByTestId('manager-step-DOC_FRONT').click();

    await t.test('a reload comes back to the same state within 3 s', () => backWithin3s(pages.first, () => pages.first.reload({ waitUntil: 'commit' })));

    await t.test('a dropped WebSocket comes back to the same state within 3 s', () => backWithin3s(pages.first, () => pages.first.evaluate(() => window.sockets.at(-1).close())));

    await t.test('a second tab takes over and the first says so', async () => {
      pages.second = await open(ctx, `${server.url}/j`);
      await pages.first.getByTestId('seller-end-replacedTab').waitFor();
      await playing(pages.second, 'seller-remote-video');
      await playing(manager, 'manager-remote-video');
      await pause(2500); // the first must not fight for the call
      await pages.first.getByTestId('seller-end-replacedTab').waitFor();
      await pages.second.getByTestId('seller-call').waitFor();
    });

    await t.test('another device has to be allowed by the manager', async () => {
      pages.device = await phone(seller, sellerLink);
      await pages.device.getByTestId('seller-end-needs_allow').waitFor();
      await pages.second.getByTestId('seller-call').waitFor();
      await manager.getByTestId('manager-allow-device').click();
      await playing(pages.device, 'seller-remote-video');
      await pages.second.getByTestId('seller-end-replacedDevice').waitFor();
      await playing(manager, 'manager-remote-video');
    });

    await t.test('withdrawing stops that person\'s recording at once', async () => {
      await pages.device.getByTestId('seller-recording').click();
      await pages.device.getByTestId('seller-withdraw-yes').click();
      await pages.device.getByTestId('seller-recording').waitFor({ state: 'detached' });
      const bytes = async () => (await server.recorded()).files.filter((f) => /seller/.test(f)).length;
      const files = await bytes();
      await pause(2500);
      assert.equal(await bytes(), files, 'no new part of the seller after the withdrawal');
    });

    await t.test('a stopping server says goodbye and ends with 0', async () => {
      const code = await server.stop();
      assert.equal(code, 0, server.log.slice(-2000));
      await until('the pages say that the server stops', async () => manager.heard.some((f) => f.includes('server_stopping')) && pages.device.heard.some((f) => f.includes('server_stopping')));
    });
  });
});

/** Does something to the page and measures until the call's step is shown again; the better of two tries counts. */
async function backWithin3s(page, lose) {
  const call = page.locator('[data-testid="seller-call"][data-step="DOC_FRONT"]');
  const took = [];
  for (let i = 0; i < 2 && !took.some((ms) => ms <= 3000); i++) {
    await call.waitFor();
    await playing(page, 'seller-remote-video');
    const heard = page.heard.length;
    const from = Date.now();
    await lose();
    await until('the state comes again', () => page.heard.slice(heard).some((frame) => frame.includes('"t":"state"')), 20);
    await call.waitFor();
    took.push(Date.now() - from);
    await playing(page, 'seller-remote-video');
  }
  assert.ok(Math.min(...took) <= 3000, `took ${took} ms`);
}
