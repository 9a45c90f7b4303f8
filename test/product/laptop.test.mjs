// The account manager at a small laptop, 1280×720: what has no room beside the
// rest still reaches the manager, a key that is held acts once, and what is
// locked says why.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, PHONE, picturing } from './browser.mjs';
import { fits } from './fits.mjs';
import { pause, start } from './server.mjs';
import * as step from './steps.mjs';

const LAPTOP = { ...DESK, viewport: { width: 1280, height: 720 } };

let server;
let browser; // with the browser's own test picture as camera

before(async () => {
  server = await start();
  browser = await launch(null, ['--use-fake-device-for-media-stream']);
});

after(async () => {
  await browser?.close();
  if (server) await server.kill();
  await server?.remove();
});

const by = (page, id) => page.getByTestId(id);

const newRoom = (wish) => server.room({ language: 'es', ...wish });

/** Presses a key and holds it until it has repeated twice. */
async function hold(page, key, meanwhile = async () => {}) {
  await page.keyboard.down(key);
  await meanwhile();
  await page.keyboard.down(key); // Playwright says that it repeats
  await page.keyboard.down(key);
  await page.keyboard.up(key);
}

/** A switch of the console's connection: on, the recorder's light says that the disk is full. */
async function recorderOf(page) {
  const light = { failing: false };
  await page.routeWebSocket(/\/ws\/manager/, (ws) => {
    const wire = ws.connectToServer();
    wire.onMessage((text) => {
      const message = JSON.parse(text);
      if (light.failing && message.t === 'recorder') for (const track of message.d.tracks) track.failing = 'disk_full';
      ws.send(JSON.stringify(message));
    });
  });
  return light;
}

test('the chat, held keys, a failing recorder, what locks Send, and the preview in the seller’s language', async () => {
  const manager = await open(await context(browser, LAPTOP));
  const seller = await open(await context(browser, { ...PHONE, isMobile: false, hasTouch: false }));
  const recorder = await recorderOf(manager);
  await picturing('laptop', { manager, seller }, async () => {
    const room = await newRoom();
    await step.signIn(manager, server.lines.manager, '/manager');
    await manager.goto(`${server.url}/manager/room/${room.id}`);
    await by(manager, 'manager-agree').click();
    await step.toWaiting(seller, room.sellerLink);
    await by(manager, 'manager-admit').click();
    await by(seller, 'seller-call').waitFor();
    await manager.locator('[aria-current="step"]').waitFor();

    // the seller writes while the chat is behind health
    assert.equal(await by(manager, 'manager-chat-input').isVisible(), false);
    await by(seller, 'seller-chat-open').click();
    await by(seller, 'seller-chat-input').fill('¿Se ve mejor así?');
    await by(seller, 'seller-chat-send').click();
    await manager.getByRole('tab', { name: 'Chat 1 new line', exact: true }).waitFor();
    await by(manager, 'manager-chat-news').getByText('¿Se ve mejor así?').waitFor({ state: 'attached' });
    await clean(manager, 'a new line behind health');
    await fits(manager, 'a new line behind health');
    await manager.keyboard.press('c');
    await manager.waitForFunction(() => document.activeElement?.id === 'chat-input');
    await manager.getByRole('tab', { name: 'Chat', exact: true }).waitFor();
    assert.equal(await by(manager, 'manager-chat-news').innerText(), '');
    await clean(manager, 'the chat');
    await manager.locator('main').evaluate(() => document.activeElement.blur());

    // a key that is held decides one feature
    await manager.keyboard.press('2');
    const features = manager.locator('[data-testid^="feature-"]');
    const answered = (i, word) => features.nth(i).locator(`[data-testid^="manager-${word}-"][aria-pressed="true"]`);
    await hold(manager, 'a', () => answered(0, 'same').waitFor());
    await manager.keyboard.press('s');
    await answered(1, 'different').waitFor();

    // the recorder can't store
    recorder.failing = true;
    await by(manager, 'manager-lower-health').click();
    await manager.locator('.console-strips .strip.tone-danger').waitFor();
    await by(manager, 'manager-recorder').getByText('disk full').waitFor();
    await clean(manager, 'the recorder fails');
    await fits(manager, 'the recorder fails');
    recorder.failing = false;
    await manager.locator('.console-strips .strip.tone-danger').waitFor({ state: 'detached' });

    // the verdict
    await manager.locator('main').evaluate(() => document.activeElement.blur());
    await manager.keyboard.press('v');
    await by(manager, 'verdict-fail').click();
    await by(manager, 'verdict-send').click({ force: true }); // it looks closed
    await manager.locator('#verdict-why').getByText('Choose at least one reason').waitFor();
    await by(manager, 'verdict-reason-M_NUMBER').click();
    await clean(manager, 'verdict');
    const previewed = await by(manager, 'verdict-preview').locator('h1').innerText();
    await manager.keyboard.down('Control');
    await hold(manager, 'Enter', () => by(manager, 'verdict-confirm').waitFor());
    await manager.keyboard.up('Control');
    await pause(1000); // for a verdict that must not come
    assert.ok(await by(manager, 'verdict-confirm').isVisible(), 'one press was both steps of the fail');
    await by(manager, 'verdict-confirm').click();
    await by(seller, 'seller-receipt').waitFor();
    assert.equal(await seller.locator('h1.outcome-title').innerText(), previewed);
    assert.equal(await seller.evaluate(() => document.documentElement.lang), 'es');
    assert.deepEqual([...manager.complaints, ...seller.complaints], []);
  });
  await Promise.all([manager, seller].map((page) => page.context().close()));
});

test('a new room is made once, however often Ctrl+Enter is pressed; a time that is cleared is no time, one that is taken is said', async () => {
  const page = await open(await context(browser, LAPTOP));
  await picturing('laptop-agenda', { page }, async () => {
    const { id } = await newRoom({ language: 'en' });
    const proposed = Math.ceil((Date.now() + 3600_000) / 1_800_000) * 1_800_000; // by the dialog
    await newRoom({ seller: { name: 'Chen Wei', mail: 'chen@example.com' }, at: new Date(proposed + 600_000).toISOString() });
    const sent = [];
    await page.route('**/api/manager/rooms', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      sent.push(route.request().headers()['idempotency-key']);
      await pause(500); // for the presses that follow
      return route.continue();
    });
    await step.signIn(page, server.lines.manager, '/manager');
    await page.locator(`[data-testid="manager-room-row"][data-room="${id}"]`).click();
    await by(page, 'manager-reschedule').click();
    await page.locator('dialog input[type="datetime-local"]').fill('');
    await page.locator('dialog').getByText('Choose a time that is still to come.').waitFor();
    assert.equal(await by(page, 'manager-reschedule-save').getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });

    await by(page, 'manager-new-room').click();
    await by(page, 'manager-new-later').click();
    await by(page, 'manager-clash').getByText('Chen Wei').waitFor();
    await by(page, 'manager-new-at').fill('');
    await by(page, 'manager-clash').waitFor({ state: 'detached' });
    await by(page, 'manager-new-now').click();
    await by(page, 'manager-new-name').fill('Bo Larsson');
    await by(page, 'manager-new-mail').fill('bo@example.com');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Control+Enter');
    await by(page, 'manager-seller-link').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    assert.equal(sent.length, 1, 'requests for one room');
    assert.match(sent[0], /^[0-9a-f]{32}$/);
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('the brief says what the screening hints at and who helps, which the seller’s page doesn’t, and gives the PDF that was filed', async () => {
  const manager = await open(await context(browser, LAPTOP));
  const seller = await open(await context(browser, PHONE));
  await picturing('laptop-brief', { manager, seller }, async () => {
    const room = await newRoom({ language: 'en', hints: ['new_bank_account', 'shop_rule_9'], helper: 'sign_language' });
    const answers = [];
    seller.on('response', (answer) => answers.push(answer.text().catch(() => '')));
    await seller.goto(room.sellerLink);
    await by(seller, 'seller-bring').click();
    await seller.locator('[data-testid="seller-document-other"] input[type="file"]').setInputFiles({ name: 'extract.pdf', mimeType: 'application/pdf', buffer: Buffer.from(step.PDF) });
    await seller.locator('[data-testid="seller-document-other"][data-there="true"]').waitFor();
    const given = async (link) => {
      const [file] = await Promise.all([manager.waitForEvent('download'), link.click()]);
      assert.match(file.suggestedFilename(), /\.pdf$/);
      assert.equal(await readFile(await file.path(), 'utf8'), step.PDF);
    };
    await step.signIn(manager, server.lines.manager, '/manager');
    await manager.locator(`[data-testid="manager-room-row"][data-room="${room.id}"]`).click();
    const hints = by(manager, 'brief-hints');
    await hints.getByText('New bank account').waitFor();
    await hints.getByText('shop_rule_9').waitFor(); // without words of its own
    assert.equal(await by(manager, 'brief-helper').innerText(), 'In sign language');
    await clean(manager, 'brief');
    await fits(manager, 'brief');
    await given(by(manager, 'manager-document-file'));
    await manager.goto(`${server.url}/manager/room/${room.id}`);
    await by(manager, 'manager-agree').click();
    await given(manager.locator('.compare a[download]'));

    const told = [...await Promise.all(answers), ...seller.heard].filter((text) => text.startsWith('{'));
    assert.ok(told.length > 0, 'what the page was told');
    for (const code of ['new_bank_account', 'shop_rule_9', 'sign_language']) assert.ok(!told.some((text) => text.includes(code)), `the seller's page is told ${code}`);
  });
  await Promise.all([manager, seller].map((page) => page.context().close()));
});
