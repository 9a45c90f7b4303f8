// The six-digit code by mail: before joining, where the profile wants it, with all
// that can go wrong on the way.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, launch, open, PHONE, picture, picturing } from './browser.mjs';
import { start } from './server.mjs';
import { mailed } from './steps.mjs';

let server;
let browser;
const small = { ...PHONE, viewport: { width: 360, height: 740 } };

before(async () => {
  server = await start();
  browser = await launch(null);
});

after(async () => {
  await browser?.close();
  if (server) await server.kill();
  await server?.remove();
});

const room = (language) => server.room({ seller: { name: 'Anna Maria Eriksson', mail: `${language}@example.org` }, language, profile: 'bafin_like-1', manager: 'manager-1' });

for (const language of ['en', 'de', 'es', 'zh']) {
  test(`a code by mail opens the call (${language})`, async () => {
    const { sellerLink } = await room(language);
    const page = await open(await context(browser, { ...small, locale: language }), sellerLink);
    await picturing(`code-${language}`, { page }, async () => {
      await page.getByTestId('seller-code-send').waitFor();
      await clean(page, `before it is sent, ${language}`);
      await picture(page, `code-${language}-1`);
      await page.getByTestId('seller-code-send').click();
      const entry = page.getByTestId('seller-code-input');
      await entry.waitFor();
      const first = await mailed(server, `${language}@example.org`);
      await picture(page, `code-${language}-2`);
      await entry.fill(first === '000000' ? '000001' : '000000');
      await page.locator('.field-error').waitFor();
      await clean(page, `a wrong code, ${language}`);
      await picture(page, `code-${language}-3`);
      // Another one makes the first worthless; pasted with words around it.
      await page.getByTestId('seller-code-again').click();
      const second = await mailed(server, `${language}@example.org`, first);
      await entry.fill(first);
      await page.locator('.field-error').waitFor();
      await entry.fill(`Code: ${second.slice(0, 3)} ${second.slice(3)}`);
      await page.getByTestId('seller-continue').waitFor();
      await page.reload();
      await page.getByTestId('seller-continue').waitFor(); // once for this browser
      assert.deepEqual(page.complaints, []);

      const thief = await open(await context(browser, small), sellerLink);
      await thief.getByTestId('seller-code-send').waitFor();
      assert.equal(await thief.getByTestId('seller-continue').count(), 0);
      await thief.context().close();
    });
    await page.context().close();
  });
}
