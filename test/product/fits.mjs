// Room for the words: from right to left, half as long again, and at twice the size.
import assert from 'node:assert/strict';
import { picture } from './browser.mjs';

/** Nothing of the page is wider than the window. */
export async function fits(page, what) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const page = document.documentElement.getBoundingClientRect(); // on a phone what is too wide moves all the rest
    return [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > page.right + 1 || each.getBoundingClientRect().left < page.left - 1)
      .map((each) => `${each.tagName}.${each.className} ${Math.round(each.getBoundingClientRect().left)}–${Math.round(each.getBoundingClientRect().right)} of ${room}`).slice(0, 5);
  });
  assert.deepEqual(wide, [], `${what} scrolls sideways`);
}

/**
 * A seller's page fits from right to left, at twice the size, and 320 px wide; each time it is loaded anew, the element of
 * its test id has to come back. pages of a call keep it. The page is left in English, 360×740.
 */
export async function fitsPhone(page, what, shown) {
  const speak = async (language) => {
    await page.evaluate((tag) => localStorage.setItem('verifycall.language', tag), language);
    await page.reload();
    await page.getByTestId(shown).waitFor();
  };
  const size = (percent) => page.evaluate((now) => document.documentElement.style.setProperty('font-size', now), percent);
  await speak('ar-XB');
  assert.equal(await page.evaluate(() => document.documentElement.dir), 'rtl');
  await fits(page, `${what}, right to left`);
  await picture(page, `fits-${what}-rtl`);
  await speak('en');
  await size('200%');
  await fits(page, `${what}, twice the size`);
  await picture(page, `fits-${what}-200`);
  await size('');
  await page.setViewportSize({ width: 320, height: 568 });
  await fits(page, `${what}, 320 px`);
  await picture(page, `fits-${what}-320`);
  await page.setViewportSize({ width: 360, height: 740 });
}

/** The ways that a staff page is looked at: the pseudo-locale from right to left, and 1440×900 at 200 %. */
const ways = {
  'right to left': { viewport: { width: 1440, height: 900 }, language: 'ar-XB' },
  '200 %': { viewport: { width: 720, height: 450 }, language: 'en' },
};

/** Each of some addresses fits in both ways, once the element of its test id is there. The page is left in English, 1440×900. */
export async function fitsBothWays(page, addresses) {
  const speak = (language) => page.evaluate((tag) => localStorage.setItem('verifycall.language', tag), language);
  for (const [way, { viewport, language }] of Object.entries(ways)) {
    await page.setViewportSize(viewport);
    await speak(language);
    for (const [address, shown] of Object.entries(addresses)) {
      await page.goto(address);
      await page.getByTestId(shown).first().waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.dir || 'ltr'), language === 'en' ? 'ltr' : 'rtl');
      await fits(page, `${new URL(address).pathname}, ${way}`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}
