// What holds for every page of sellers and account managers, without a film: each
// screen under axe, both main jobs by the keyboard alone, from right to left, at
// twice the size, without motion, and over a restart of the server.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, PHONE, picturing, playing } from './browser.mjs';
import { fits, fitsPhone } from './fits.mjs';
import { playLenses } from './lenses.mjs';
import { start } from './server.mjs';
import * as step from './steps.mjs';

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
const pseudo = (page) => page.addInitScript(() => localStorage.setItem('verifycall.language', 'ar-XB'));
const phone = async (more = {}, options) => open(await context(browser, { ...PHONE, ...more }, options));
const desk = async (more = {}) => open(await context(browser, { ...DESK, ...more }));

const newRoom = (wish) => server.room(wish);

/** Presses Tab until the element of a test id has the focus, as somebody without a mouse does. */
async function tabTo(page, id, { most = 60, key = 'Tab' } = {}) {
  await by(page, id).first().waitFor();
  for (let i = 0; i < most; i++) {
    if (await page.evaluate((want) => document.activeElement?.closest('[data-testid]')?.dataset.testid === want, id)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${id} is not reached by ${most} × ${key}`);
}

/** Goes to a control by Tab and presses it; the focus is seen where it is. */
async function press(page, id, key = 'Enter') {
  await tabTo(page, id);
  const outline = await page.evaluate(() => {
    const at = document.activeElement;
    return [at, ...at.querySelectorAll('*')].map((each) => getComputedStyle(each)).some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1)
      || at.matches('input, textarea, select');
  });
  assert.ok(outline, `the focus on ${id} is not seen`);
  await page.keyboard.press(key);
}

/** Nothing moves but what has to: the recording's dot. */
async function still(page, what) {
  const moving = await page.evaluate(() => document.getAnimations()
    .filter((a) => a.playState === 'running' && Number(a.effect.getComputedTiming().duration) > 0 && !a.effect.target?.classList.contains('rec') && !a.effect.target?.closest('.rec'))
    .map((a) => `${a.animationName ?? a.transitionProperty} of ${a.effect.target?.className}`));
  assert.deepEqual(moving, [], `${what} moves`);
}

async function looked(page, what) {
  await clean(page, what);
  await still(page, what);
}

test('both main jobs by the keyboard alone; axe finds nothing on any screen on the way, nothing moves', async () => {
  const manager = await desk();
  const seller = await phone({ isMobile: false, hasTouch: false });
  await picturing('keyboard', { manager, seller }, async () => {
    const room = await newRoom();
    // the account manager comes by the link, looks at the day, and goes into the room
    await step.signIn(manager, server.lines.manager, '/manager');
    await by(manager, 'manager-room-row').first().waitFor();
    await looked(manager, 'agenda');
    await manager.keyboard.press('?');
    await manager.locator('dialog[open]').waitFor();
    await looked(manager, 'keys of the agenda');
    await manager.keyboard.press('Escape');
    await manager.keyboard.press('n');
    await by(manager, 'manager-new-name').waitFor();
    await looked(manager, 'new room');
    await manager.keyboard.press('Escape');
    await press(manager, 'manager-hours');
    await manager.locator('dialog[open]').waitFor();
    await looked(manager, 'hours');
    await manager.keyboard.press('Escape');
    await manager.goto(`${server.url}/manager/room/${room.id}`);
    await by(manager, 'manager-agree').waitFor();
    await looked(manager, 'notice to the manager');
    await press(manager, 'manager-agree');
    await by(manager, 'manager-agree').waitFor({ state: 'detached' });

    // the seller goes from the link to the waiting room
    await seller.goto(room.sellerLink);
    await by(seller, 'seller-continue').waitFor();
    await looked(seller, 'status');
    await press(seller, 'seller-help');
    await seller.locator('dialog[open]').waitFor();
    await looked(seller, 'help');
    await seller.keyboard.press('Escape');
    await press(seller, 'seller-bring');
    await by(seller, 'seller-documents').waitFor();
    await looked(seller, 'documents');
    await press(seller, 'seller-documents-done');
    await press(seller, 'seller-continue');
    await by(seller, 'seller-camera-ok').waitFor();
    await looked(seller, 'rehearsal');
    await press(seller, 'seller-camera-ok');
    await by(seller, 'seller-agree').waitFor();
    await looked(seller, 'notice');
    await press(seller, 'seller-agree');
    await by(seller, 'seller-waiting').waitFor();
    await looked(seller, 'waiting room');

    // the call
    await press(manager, 'manager-admit');
    await by(seller, 'seller-call').waitFor();
    await manager.locator('[aria-current="step"]').waitFor();
    await looked(seller, 'call');
    await looked(manager, 'console, document');
    await press(seller, 'seller-chat-open');
    await by(seller, 'seller-chat-input').waitFor();
    await tabTo(seller, 'seller-chat-input');
    await seller.keyboard.type('Is this better?');
    await seller.keyboard.press('Enter');
    await looked(seller, 'chat');
    await seller.keyboard.press('Escape');
    await manager.locator('.chat-lines').getByText('Is this better?').waitFor();
    await press(seller, 'seller-recording');
    await by(seller, 'seller-withdraw-yes').waitFor();
    await looked(seller, 'withdrawing');
    await seller.keyboard.press('Escape');
    await manager.keyboard.press('?');
    await manager.locator('dialog[open]').waitFor();
    await looked(manager, 'keys of the console');
    await manager.keyboard.press('Escape');
    await manager.keyboard.press('Shift+S');
    await manager.locator('dialog[open]').waitFor();
    await looked(manager, 'silent flag');
    await manager.keyboard.press('Escape');
    await manager.keyboard.press('2');
    await manager.locator('.features').waitFor();
    await looked(manager, 'console, face');
    const answers = manager.locator('.features [aria-pressed="true"]');
    for (const [i, key] of ['a', 's', 'g'].entries()) {
      await manager.keyboard.press(key);
      await answers.nth(i).waitFor();
    }
    await manager.keyboard.press('3');
    await by(manager, 'manager-typed-name').waitFor();
    await looked(manager, 'console, fields');
    await tabTo(manager, 'manager-typed-number');
    await manager.keyboard.type('D23145891');
    await by(manager, 'manager-normalised-number').locator('mark').first().waitFor();
    await press(manager, 'manager-different-number');
    await manager.locator('[data-testid="manager-different-number"][aria-pressed="true"]').waitFor();

    // the verdict
    await manager.keyboard.press('Escape');
    await manager.keyboard.press('v');
    await by(manager, 'verdict-pass').waitFor();
    await looked(manager, 'verdict, nothing chosen');
    await manager.keyboard.press('1');
    await manager.locator('.verdict-locked').waitFor();
    await looked(manager, 'verdict, pass locked');
    await manager.keyboard.press('4');
    await press(manager, 'verdict-reason-M_NUMBER', 'Space');
    await manager.locator('[data-testid="verdict-reason-M_NUMBER"][aria-pressed="true"]').waitFor();
    await looked(manager, 'verdict, fail');
    await manager.keyboard.press('Control+Enter');
    await by(manager, 'verdict-confirm').waitFor(); // the second step
    await looked(manager, 'verdict, second step');
    await press(manager, 'verdict-confirm');
    await manager.locator('[data-testid="manager-sealed"][data-digest]:not([data-digest=""])').waitFor();
    await looked(manager, 'sealed');
    await by(seller, 'seller-receipt').waitFor();
    await looked(seller, 'result');
    assert.match(await seller.locator('main').innerText(), /M_NUMBER/);
    assert.deepEqual([...manager.complaints, ...seller.complaints], []);
  });
  await Promise.all([manager.context().close(), seller.context().close()]);
});

test('axe on what sellers see beside the call, light and dark', async () => {
  const book = await newRoom({ book: true });
  for (const colorScheme of ['light', 'dark']) {
    const page = await phone({ colorScheme });
    await page.addInitScript((theme) => addEventListener('DOMContentLoaded', () => { if (location.pathname !== '/privacy') document.documentElement.dataset.theme = theme; }), colorScheme); // sellers' pages are light by themselves
    await picturing(`beside-${colorScheme}`, { page }, async () => {
      await page.goto(`${server.url}/j/AAAAAAAAAAAAAAAAAAAAAA`);
      await by(page, 'seller-end-link_unknown').waitFor();
      await looked(page, `unknown link, ${colorScheme}`);
      await page.goto(book.sellerLink);
      await by(page, 'booking-slot').first().waitFor();
      await by(page, 'booking-slot').first().click();
      await looked(page, `booking, ${colorScheme}`);
      for (const tag of ['en', 'de', 'es', 'zh']) {
        await page.goto(`${server.url}/privacy?lang=${tag}`);
        await page.locator('h1').waitFor();
        await looked(page, `privacy, ${tag}, ${colorScheme}`);
        await fits(page, `privacy, ${tag}`);
      }
    });
    await page.context().close();
  }
  const denied = await phone({}, { camera: false });
  const room = await newRoom();
  await picturing('denied', { denied }, async () => {
    await denied.goto(room.sellerLink);
    await by(denied, 'seller-continue').click();
    await denied.locator('[data-testid^="seller-fix-"]').first().waitFor();
    await looked(denied, 'camera denied');
  });
  await denied.context().close();
  const no = await phone();
  await picturing('declined', { no }, async () => {
    await no.goto(room.sellerLink);
    await by(no, 'seller-continue').click();
    await by(no, 'seller-camera-ok').dblclick(); // where the next screen has the button that refuses
    await by(no, 'seller-agree').waitFor();
    await by(no, 'seller-decline').dblclick(); // the second click finds nothing to do
    await by(no, 'seller-end-declined').waitFor();
    await looked(no, 'declined');
  });
  await no.context().close();
});

test('a phone of several lenses: the seller picks one in the test and in the call, and it holds over a flip and a reload', async () => {
  const { id, sellerLink } = await newRoom();
  const page = await phone();
  const manager = await desk();
  await playLenses(page);
  const opened = (lens) => page.waitForFunction((want) => globalThis.openedLenses.at(-1) === want, lens);
  const names = () => by(page, 'seller-lenses').locator('label').allInnerTexts();
  const pick = (name) => by(page, 'seller-lenses').getByText(name, { exact: true }).click();
  const on = (name) => page.locator('.lens.on').getByText(name, { exact: true }).waitFor();
  await picturing('lenses', { page, manager }, async () => {
    await page.goto(sellerLink);
    await by(page, 'seller-continue').click();
    await on('Front camera');
    assert.deepEqual(await names(), ['Back camera', 'Back, far view', 'Back, wide view', 'Front camera']);
    await looked(page, 'rehearsal, lenses');
    await pick('Back, far view');
    await opened('tele');
    await by(page, 'check-camera').getByText(/^Back, far view, \d+/).waitFor();
    await pick('Back, wide view');
    await page.getByText('This one can’t be opened').waitFor();
    await on('Back, far view');
    assert.deepEqual(await names(), ['Back camera', 'Back, far view', 'Front camera'], 'what can’t be opened is not offered again');
    await page.reload();
    await on('Back, far view');
    await page.getByRole('button', { name: 'Other camera' }).click();
    await on('Front camera');
    await by(page, 'seller-camera-ok').click();
    await by(page, 'seller-agree').click();
    await by(page, 'seller-waiting').waitFor();
    await step.signIn(manager, server.lines.manager, '/manager');
    await manager.goto(`${server.url}/manager/room/${id}`);
    await by(manager, 'manager-agree').click();
    await by(manager, 'manager-admit').click();
    await by(page, 'seller-call').waitFor();
    await manager.locator('[data-testid="manager-phone-flip"]:not([aria-disabled])').click(); // to the lens that was picked on that side
    await opened('tele');
    await by(page, 'seller-more').click();
    await on('Back, far view');
    await pick('Back camera');
    await opened('main');
    await on('Back camera');
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
    await playing(page, 'seller-self-video');
    assert.deepEqual(page.complaints, []);
  });
  await Promise.all([page, manager].map((each) => each.context().close()));
});

test('the way into the call goes by the server\'s clock, and opens by itself', async () => {
  const slow = await phone();
  await slow.clock.install({ time: Date.now() - 3600_000 });
  const { sellerLink } = await newRoom();
  await picturing('clock-slow', { slow }, async () => {
    await slow.goto(sellerLink);
    await by(slow, 'seller-continue').click();
    await by(slow, 'seller-camera-ok').click();
    await by(slow, 'seller-agree').click();
    await by(slow, 'seller-waiting').waitFor();
  });
  await slow.context().close();
  const early = await phone();
  await early.clock.install();
  const booked = await newRoom({ at: new Date(Date.now() + 16 * 60_000).toISOString() });
  await early.addInitScript((id) => localStorage.setItem(`verifycall.rehearsed.${id}`, 'yes'), booked.id);
  await picturing('clock-opens', { early }, async () => {
    await early.goto(booked.sellerLink);
    await by(early, 'seller-to-documents').waitFor();
    await early.clock.fastForward(2 * 60_000);
    await by(early, 'seller-continue').getByText('Go to the call').waitFor();
    assert.equal(await by(early, 'seller-to-documents').count(), 0);
  });
  await early.context().close();
});

test('a camera that opens after the person went back is closed again', async () => {
  const page = await phone();
  const { sellerLink } = await newRoom();
  await page.addInitScript(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {
      await new Promise((allow) => { globalThis.allow = allow; });
      return (globalThis.late = await ask(wish));
    };
  });
  await picturing('camera-late', { page }, async () => {
    await page.goto(sellerLink);
    await by(page, 'seller-continue').click();
    await page.waitForFunction(() => globalThis.allow);
    await page.goBack();
    await by(page, 'seller-continue').waitFor();
    await page.evaluate(() => globalThis.allow());
    await page.waitForFunction(() => globalThis.late?.getTracks().length && globalThis.late.getTracks().every((track) => track.readyState === 'ended'));
  });
  await page.context().close();
});

test('an in-app browser is told apart from a refusal', async () => {
  const { sellerLink } = await newRoom();
  const words = {};
  for (const [who, userAgent] of Object.entries({ inapp: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 350.0', own: undefined })) {
    const page = await phone(userAgent ? { userAgent } : {}, { camera: false });
    await picturing(`told-${who}`, { page }, async () => {
      await page.goto(sellerLink);
      await by(page, 'seller-continue').click();
      await by(page, 'seller-fix-denied').waitFor();
      words[who] = await by(page, 'seller-fix-denied').innerText();
    });
    await page.context().close();
  }
  assert.notEqual(words.inapp, words.own);
  assert.match(words.inapp, /browser/i);
});

test('from right to left, in words half as long again, and at twice the size nothing scrolls sideways', async () => {
  const { id, sellerLink } = await newRoom();
  const book = await newRoom({ book: true });
  const large = (page) => page.addInitScript(() => addEventListener('DOMContentLoaded', () => document.documentElement.style.setProperty('font-size', '200%')));
  const ways = {
    'right to left': async () => { const page = await phone({ viewport: { width: 360, height: 740 } }); await pseudo(page); return page; },
    'twice the size': async () => { const page = await phone({ viewport: { width: 360, height: 740 } }); await large(page); return page; },
    '320 px': async () => phone({ viewport: { width: 320, height: 568 } }),
  };
  for (const [way, make] of Object.entries(ways)) {
    const page = await make();
    await picturing(`fits-${way}`, { page }, async () => {
      await page.goto(book.sellerLink);
      await by(page, 'booking-slot').first().waitFor();
      await fits(page, `booking, ${way}`);
      await page.goto(sellerLink);
      await by(page, 'seller-continue').waitFor();
      if (way === 'right to left') assert.equal(await page.evaluate(() => document.documentElement.dir), 'rtl');
      await fits(page, `status, ${way}`);
      await by(page, 'seller-bring').click();
      await by(page, 'seller-documents').waitFor();
      await fits(page, `documents, ${way}`);
      await by(page, 'seller-documents-done').click();
      await by(page, 'seller-continue').click();
      await by(page, 'seller-camera-ok').waitFor();
      await fits(page, `rehearsal, ${way}`);
      await by(page, 'seller-camera-ok').click();
      await by(page, 'seller-agree').waitFor();
      await fits(page, `notice, ${way}`);
    });
    await page.context().close();
  }
  await callFits();
  const rtl = await desk({ viewport: { width: 1440, height: 900 } });
  await pseudo(rtl);
  const zoomed = await desk({ viewport: { width: 720, height: 450 } }); // 1440×900 at 200 %
  for (const [way, page] of Object.entries({ 'right to left': rtl, '200 %': zoomed })) {
    await picturing(`desk-${way}`, { page }, async () => {
      await step.signIn(page, server.lines.manager, '/manager');
      await by(page, 'manager-room-row').first().waitFor();
      if (way === 'right to left') assert.equal(await page.evaluate(() => document.documentElement.dir), 'rtl');
      await fits(page, `agenda, ${way}`);
      await page.goto(`${server.url}/manager/room/${id}`);
      await by(page, 'manager-agree').waitFor();
      await fits(page, `console, ${way}`);
      for (const key of ['2', '3']) {
        await by(page, `manager-tab-${key === '2' ? 'face' : 'fields'}`).evaluate((tab) => tab.click());
        await fits(page, `console ${key}, ${way}`);
      }
    });
    await page.context().close();
  }
});

/** From the waiting room to the result, each loaded anew on the way. */
async function callFits() {
  const { id, sellerLink } = await newRoom();
  const seller = await phone({ viewport: { width: 360, height: 740 } });
  const manager = await desk();
  await picturing('fits-call', { seller, manager }, async () => {
    await step.signIn(manager, server.lines.manager, '/manager');
    await manager.goto(`${server.url}/manager/room/${id}`);
    await by(manager, 'manager-agree').click();
    await step.toWaiting(seller, sellerLink);
    await fitsPhone(seller, 'waiting', 'seller-waiting');
    await by(manager, 'manager-admit').click();
    await by(seller, 'seller-call').waitFor();
    await by(manager, 'manager-step-DOC_FRONT').click();
    await seller.locator('[data-testid="seller-call"][data-step="DOC_FRONT"]').waitFor();
    await fitsPhone(seller, 'call', 'seller-call');
    await manager.goto('about:blank');
    await by(seller, 'seller-lost').waitFor();
    assert.match(await seller.getByRole('timer').innerText(), /^\d:\d\d/);
    await looked(seller, 'a lost connection');
    await manager.goto(`${server.url}/manager/room/${id}`);
    await by(seller, 'seller-call').waitFor();
    await by(manager, 'manager-verdict').waitFor();
    await by(manager, 'manager-verdict').click();
    await by(manager, 'verdict-fail').click();
    await by(manager, 'verdict-reason-M_NUMBER').click();
    await by(manager, 'verdict-send').dblclick();
    await by(manager, 'verdict-confirm').waitFor(); // the second click of the two has not confirmed
    await by(manager, 'verdict-confirm').click();
    await by(seller, 'seller-receipt').waitFor();
    await fitsPhone(seller, 'result', 'seller-receipt');
  });
  await Promise.all([seller, manager].map((page) => page.context().close()));
}

test('back and reload stay within the visit', async () => {
  const page = await phone();
  const { sellerLink } = await newRoom();
  await picturing('back', { page }, async () => {
    await page.goto(sellerLink);
    await by(page, 'seller-bring').click();
    await by(page, 'seller-documents').waitFor();
    await page.reload();
    await by(page, 'seller-documents').waitFor();
    await page.goBack();
    await by(page, 'seller-continue').click();
    await by(page, 'seller-camera-ok').waitFor();
    await page.reload();
    await by(page, 'seller-camera-ok').waitFor();
    await page.goBack();
    await by(page, 'seller-continue').waitFor();
  });
  await page.context().close();
});

test('the server restarts: pages say so, keep what they show, and go on without a reload', async () => {
  const { id, sellerLink } = await newRoom();
  const seller = await phone();
  const agenda = await desk();
  const room = await desk();
  await picturing('restart', { seller, agenda, room }, async () => {
    await step.signIn(agenda, server.lines.manager, '/manager');
    await by(agenda, 'manager-room-row').first().waitFor();
    await step.signIn(room, server.lines.manager, '/manager');
    await room.goto(`${server.url}/manager/room/${id}`);
    await by(room, 'manager-agree').click();
    await seller.goto(sellerLink);
    await by(seller, 'seller-continue').click();
    await by(seller, 'seller-camera-ok').click();
    await by(seller, 'seller-agree').click();
    await by(seller, 'seller-waiting').waitFor();
    for (const page of [seller, agenda, room]) await page.evaluate(() => { globalThis.sameLoad = true; });
    await server.kill();
    await by(seller, 'seller-away').waitFor();
    await looked(seller, 'waiting room, server away');
    await room.locator('.console-strips .strip').waitFor();
    await server.start();
    await room.locator('.console-strips .strip').waitFor({ state: 'detached' });
    await by(seller, 'seller-away').waitFor({ state: 'detached' });
    await by(seller, 'seller-waiting').waitFor();
    await by(room, 'manager-admit').click();
    await by(seller, 'seller-call').waitFor();
    for (const page of [seller, agenda, room]) assert.equal(await page.evaluate(() => globalThis.sameLoad), true, 'a page was loaded anew');
  });
  await Promise.all([seller, agenda, room].map((page) => page.context().close()));
});
