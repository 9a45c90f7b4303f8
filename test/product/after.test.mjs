// What a seller finds after the call, on seeded rooms without media: every end, the
// result, another look asked for and answered, another call by the same link and a
// code, and what of it two tabs, a double click and a slow network make.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, PHONE, picture as browserPicture, picturing } from './browser.mjs';
import { pause, startSeeded } from './server.mjs';
import * as step from './steps.mjs';

let server;
let browser;
const small = { ...PHONE, viewport: { width: 360, height: 740 } };

before(async () => {
  server = await startSeeded(0);
  browser = await launch(null);
});

after(async () => {
  await browser?.close();
  if (server) await server.kill();
  await server?.remove();
});

const linkOf = (name) => `${server.url}/j/${server.seeded.sellers[name].token}`;
const by = (page, id) => page.getByTestId(id);
const phone = async (name, more = {}) => open(await context(browser, { ...small, ...more }), linkOf(name));

async function picture(page, name) {
  if (!process.env.VERIFYCALL_PICTURES) return;
  await pause(300); // what moves has come to rest
  await browserPicture(page, name, { fullPage: true });
}

/** Nothing of the page is wider than the window. */
const fits = async (page, what) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${what} scrolls sideways`);

/** Passes the code's step of a page. */
async function enterCode(page, before = '') {
  await by(page, 'seller-code-send').click();
  await by(page, 'seller-code-input').waitFor();
  const code = await step.mailed(server, 'seller0@example.org', before);
  await by(page, 'seller-code-input').fill(code);
  return code;
}

test('every end says what happened and what next, in four languages and at 360 px', async () => {
  const ends = { expired: 'seller-end-link_expired', cancelled: 'seller-end-room_cancelled', declined: 'seller-end-declined', withdrawn: 'seller-end-withdrawn', no_show: 'seller-booking', missed: 'seller-booking', refer: 'seller-result', recapture: 'seller-result' };
  const titles = {};
  for (const locale of ['en', 'de', 'es', 'zh', 'ar-XB']) { // the last from right to left, in words half as long again
    const ctx = await context(browser, { ...small, locale: locale === 'ar-XB' ? 'en' : locale });
    const page = await open(ctx);
    await page.addInitScript((tag) => localStorage.setItem('verifycall.language', tag), locale);
    await picturing(`end-${locale}`, { page }, async () => {
      for (const [name, id] of Object.entries(ends)) {
        if (locale === 'ar-XB' && !id.endsWith('result')) continue; // the others are one page each
        await page.goto(linkOf(name));
        await by(page, id).first().waitFor();
        await fits(page, `${name}, ${locale}`);
        if (locale === 'de') {
          await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
          await fits(page, `${name} at twice the size`);
          await page.evaluate(() => document.documentElement.style.removeProperty('font-size'));
        }
        assert.equal(await page.evaluate(() => document.documentElement.dir || 'ltr'), locale === 'ar-XB' ? 'rtl' : 'ltr');
        const title = await page.locator('h1').last().innerText();
        if (locale === 'en') titles[name] = title;
        else assert.notEqual(title, titles[name], `${name} speaks English to ${locale}`);
        if (locale === 'en') await clean(page, name);
        await picture(page, `end-${name}-${locale}`);
      }
    });
    assert.deepEqual(page.complaints, []);
    await ctx.close();
  }
});

test('another look is asked for once, answered by an auditor, and another call follows', async () => {
  const page = await phone('fail');
  const auditor = await open(await context(browser, DESK));
  await picturing('appeal', { page, auditor }, async () => {
    await by(page, 'seller-appeal-open').waitFor();
    await clean(page, 'a failed result');
    await picture(page, 'result-fail');
    await by(page, 'seller-appeal-open').click();
    await by(page, 'seller-appeal-text').fill('The name on the card is my maiden name.');
    await clean(page, 'asking for another look');
    await picture(page, 'appeal-ask');
    // Neither back nor a reload nor the link opened anew loses the words, and back stays on the result.
    const words = 'The name on the card is my maiden name.';
    await page.goBack();
    await by(page, 'seller-appeal-open').click();
    assert.equal(await by(page, 'seller-appeal-text').inputValue(), words, 'back lost the words');
    await page.reload();
    await by(page, 'seller-appeal-text').waitFor();
    assert.equal(await by(page, 'seller-appeal-text').inputValue(), words, 'a reload lost the words');
    await page.goto(linkOf('fail'));
    await by(page, 'seller-appeal-open').click();
    assert.equal(await by(page, 'seller-appeal-text').inputValue(), words, 'the link lost the words');

    // Two tabs and a double click make one.
    const second = await open(page.context(), linkOf('fail'));
    await by(second, 'seller-appeal-open').click();
    await by(second, 'seller-appeal-text').fill('The name on the card is my maiden name.');
    await by(page, 'seller-appeal-send').dblclick();
    await by(page, 'seller-asked').waitFor();
    await by(second, 'seller-appeal-send').click();
    await by(second, 'seller-asked').waitFor();
    await second.close();
    assert.deepEqual(await page.evaluate(() => Object.values(sessionStorage).filter((kept) => kept.includes('maiden'))), [], 'what was sent is kept no longer');
    await clean(page, 'asked');
    await picture(page, 'appeal-asked');
    assert.equal(await by(page, 'seller-appeal-open').count(), 0);

    await step.signIn(auditor, server.lines.auditor, '/audit');
    await by(auditor, 'audit-view-appeals').click();
    const row = auditor.locator(`[data-testid="audit-row"][data-room="${server.seeded.sellers.fail.room}"]`);
    await row.waitFor();
    await clean(auditor, 'the list of appeals');
    await picture(auditor, 'audit-appeals');
    await row.getByTestId('audit-open').click();
    await by(auditor, 'audit-appeal').getByText('maiden name').waitFor();
    await by(auditor, 'audit-appeal-line').fill('The certificate explains the name. Sorry for the trouble.');
    await clean(auditor, 'the desk with an appeal');
    await picture(auditor, 'audit-appeal');
    await by(auditor, 'audit-appeal-overturned').click();
    await auditor.locator('[data-testid="audit-appeal"][data-answer="overturned"]').waitFor();

    await page.goto(linkOf('fail'));
    await by(page, 'seller-taken-back').waitFor();
    await clean(page, 'taken back');
    await picture(page, 'appeal-overturned');
    await page.getByText('The certificate explains the name.').waitFor();
    await by(page, 'seller-again-call').click();
    const code = await enterCode(page);
    await by(page, 'booking-slot').first().waitFor();
    await by(page, 'booking-slot').nth(1).click();
    await by(page, 'booking-book').click();
    await by(page, 'seller-continue').waitFor();
    await page.goto(linkOf('fail')); // the old link shows the next date
    await by(page, 'seller-next-call').waitFor();
    await picture(page, 'appeal-next');
    await by(page, 'seller-kept-open').click();
    await by(page, 'seller-code-send').waitFor();
    await enterCode(page, code);
    await by(page, 'seller-compared').waitFor();
    await by(page, 'seller-next-call').waitFor();
    await clean(page, 'what is kept');
    await picture(page, 'kept');
    assert.deepEqual(page.complaints, []);
  });
  await Promise.all([page.context().close(), auditor.context().close()]);
});

test('a result that stands is told with its reason; the network fails in between', async () => {
  const page = await phone('upheld');
  await picturing('upheld', { page }, async () => {
    await by(page, 'seller-appeal-open').click();
    await by(page, 'seller-appeal-text').fill('It was the card itself.');
    await page.context().setOffline(true);
    await by(page, 'seller-appeal-send').click();
    await page.getByRole('alert').first().waitFor(); // the words are kept
    assert.equal(await by(page, 'seller-appeal-text').inputValue(), 'It was the card itself.');
    await picture(page, 'appeal-offline');
    await page.context().setOffline(false);
    await by(page, 'seller-appeal-send').click();
    await by(page, 'seller-asked').waitFor();
    const auditor = await open(await context(browser, DESK));
    await step.signIn(auditor, server.lines.auditor, '/audit');
    await auditor.goto(`${server.url}/audit/room/${server.seeded.sellers.upheld.room}`);
    await by(auditor, 'audit-appeal-line').fill('The edge of a screen is seen in two pictures.');
    await by(auditor, 'audit-appeal-upheld').click();
    await auditor.locator('[data-testid="audit-appeal"][data-answer="upheld"]').waitFor();
    await auditor.context().close();
    // the page that stayed open is told
    await page.locator('[data-testid="seller-asked"][data-answer="upheld"]').waitFor();
    await page.getByText('The edge of a screen').waitFor();
    await clean(page, 'upheld');
    await picture(page, 'appeal-upheld');
  });
  await page.context().close();
});
