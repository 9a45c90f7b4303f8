// What every page shows while its content is on the way, when it can't come, and when
// there is none; on seeded rooms without media.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, PHONE, picturing } from './browser.mjs';
import { pause, startSeeded } from './server.mjs';
import * as step from './steps.mjs';

let server;
let browser;
const by = (page, id) => page.getByTestId(id);
const again = (page) => page.getByRole('button', { name: /^Try again$/ }).first();

before(async () => {
  server = await startSeeded(6);
  browser = await launch(null);
});

after(async () => {
  await browser?.close();
  await server?.kill();
  await server?.remove();
});

/** Holds back what a page asks for at addresses of a pattern; each can be let through or broken off later. */
async function holding(page, pattern) {
  let held = [];
  let broken = false;
  await page.route(pattern, (route) => (broken ? route.abort() : held.push(route)));
  return {
    asked: () => held.length > 0,
    breakOff: async () => {
      broken = true;
      for (const route of held) await route.abort();
      held = [];
    },
    letThrough: () => page.unroute(pattern),
  };
}

/** Grey, then a fault with its way on, then the content. */
async function lookAt(page, { name, go, asks, grey, shown, fault = again }) {
  const answers = await holding(page, asks);
  await go();
  for (let i = 0; i < 100 && !answers.asked(); i++) await pause(100);
  await page.locator(grey).first().waitFor();
  assert.ok(answers.asked(), `${name} asks for nothing at ${asks}`);
  await pause(400); // grey comes late, so that a quick answer makes no flash
  await clean(page, `${name}, loading`);
  await answers.breakOff();
  await fault(page).waitFor();
  await clean(page, `${name}, failed`);
  await answers.letThrough();
  await fault(page).click();
  await page.locator(shown).first().waitFor();
  await page.locator(grey).first().waitFor({ state: 'detached' });
}

async function staff(role, home, looks) {
  const page = await open(await context(browser, DESK));
  await step.signIn(page, server.lines[role], home);
  for (const look of looks) {
    const goto = () => page.goto(server.url + look.path);
    await picturing(`states-${look.name}`, { page }, () => lookAt(page, { go: goto, ...look }));
  }
  return page;
}

test('the account manager’s pages', async () => {
  const page = await staff('manager', '/manager', [
    { name: 'manager', path: '/manager', asks: /\/api\/manager\/me$/, grey: '.grey-whole', shown: '.agenda' },
    { name: 'agenda', path: '/manager', asks: /\/api\/manager\/rooms\?/, grey: '.grey-day', shown: '[data-testid="manager-room-row"]' },
    { name: 'brief', path: '/manager', asks: /\/api\/manager\/rooms\/R-[^/]*$/, grey: '.brief-grey', shown: '.brief-columns' },
  ]);
  await picturing('states-manager', { page }, async () => {
    await lookAt(page, { name: 'hours', go: () => by(page, 'manager-hours').click(), asks: /\/api\/manager\/availability$/, grey: 'dialog .bar-grey', shown: '.hours-dialog form, .hours-dialog input' });
    await page.keyboard.press('Escape');
    for (let i = 0; i < 20; i++) await page.keyboard.press(']');
    await page.getByText('No calls on this day.').waitFor();
    await clean(page, 'agenda, empty');
    await page.routeWebSocket(/\/ws\/manager/, () => {}); // nobody answers
    await page.goto(`${server.url}/manager/room/${server.seeded.flagged}`);
    await page.locator('.console[aria-busy="true"]').waitFor();
    await pause(400);
    await clean(page, 'console, loading');
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('the auditor’s pages', async () => {
  const room = `/audit/room/${server.seeded.flagged}`;
  const page = await staff('auditor', '/audit', [
    { name: 'worklist', path: '/audit', asks: /\/api\/audit\/rooms\?/, grey: '.list .bar-grey', shown: '[data-testid="audit-row"]' },
    { name: 'review', path: room, asks: /\/api\/audit\/rooms\/R-[^/]*$/, grey: '.grey-review', shown: '[data-testid="audit-verify"]' },
    { name: 'verification', path: room, asks: /\/verify$/, grey: '.verify .ring', shown: '[data-testid="audit-verify"][data-whole="true"]', fault: (of) => of.locator('.verify.tone-danger button') },
    { name: 'report', path: `${room}/report`, asks: /\/api\/audit\/rooms\/R-[^/]*$/, grey: '.whole[aria-busy="true"]', shown: '[data-testid="audit-report"]' },
    { name: 'agreement', path: '/audit/agreement', asks: /\/api\/audit\/agreement\?/, grey: '.agree-main .bar-grey', shown: '.agree-main .blank:not(.danger)' },
  ]);
  await picturing('states-auditor', { page }, async () => {
    await clean(page, 'agreement, empty');
    await page.goto(`${server.url}/audit`);
    await by(page, 'audit-find').fill('nobody@example.org');
    await page.keyboard.press('Enter');
    await page.locator('.list .blank').waitFor();
    await clean(page, 'worklist, empty');
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('the operator’s pages', async () => {
  const page = await staff('operator', '/operate', [
    { name: 'wall', path: '/operate', asks: /\/api\/operate\/wall$/, grey: '.wall-whole .bar-grey', shown: '[data-testid="wall-figures"]' },
    { name: 'managers', path: '/operate/managers', asks: /\/api\/operate\/wall$/, grey: '.kept .bar-grey', shown: '[data-testid="manager-row"]' },
    { name: 'profiles', path: '/operate/profiles', asks: /\/api\/operate\/profiles$/, grey: '.profiles .bar-grey', shown: '[data-testid="profile"]' },
    { name: 'retention', path: '/operate/retention', asks: /\/api\/operate\/keeping\?/, grey: '.kept .bar-grey', shown: '[data-testid="kept-row"]' },
    { name: 'account', path: '/account?role=operator', asks: /\/api\/account\?/, grey: '.account-grey', shown: '.account-part' },
  ]);
  await picturing('states-operator', { page }, async () => {
    await page.goto(`${server.url}/operate`);
    await by(page, 'wall-figures').waitFor();
    await clean(page, 'wall, nobody calls');
    await page.goto(`${server.url}/operate/retention`);
    await by(page, 'kept-held').click();
    await page.locator('.kept .blank').waitFor();
    await clean(page, 'retention, empty');
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('the seller’s pages', async () => {
  const page = await open(await context(browser, { ...PHONE, viewport: { width: 360, height: 740 } }));
  const book = `${server.url}/j/${server.seeded.sellers.missed.token}`;
  await picturing('states-seller', { page }, async () => {
    await lookAt(page, { name: 'booking', go: () => page.goto(book), asks: /\/api\/seller\/slots/, grey: '.bar-grey', shown: '[data-testid="booking-slot"], .booking-none' });
    await page.route(/\/api\/seller\/slots/, async (route) => {
      const offer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...offer, slots: [] } });
    });
    await page.reload();
    await page.locator('.booking-none').waitFor();
    await clean(page, 'booking, nothing free');
    await page.unrouteAll({ behavior: 'wait' });

    await page.goto(server.lines.seller);
    await by(page, 'seller-bring').waitFor();
    const answers = await holding(page, /\/api\/seller\/documents$/);
    await by(page, 'seller-bring').click();
    await by(page, 'seller-documents').waitFor();
    assert.equal(await page.locator('input[type="file"]:enabled').count(), 0, 'a picture could be picked before it is known whether one is taken');
    await clean(page, 'documents, loading');
    await answers.breakOff();
    await again(page).waitFor();
    await clean(page, 'documents, failed');
    await answers.letThrough();
    await again(page).click();
    await page.locator('input[type="file"]:enabled').first().waitFor({ state: 'attached' });

    await page.routeWebSocket(/\/ws\/seller/, () => {}); // nobody answers
    await page.reload();
    await page.locator('[aria-busy="true"], .bar-grey').first().waitFor();
    await pause(400);
    await clean(page, 'status, loading');
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});
