// Room for the words: from right to left, half as long again, and at twice the size.
import assert from 'node:assert/strict';

/** Nothing of the page is wider than the window. */
export async function fits(page, what) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    return [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > room + 1 || each.getBoundingClientRect().left < -1)
      .map((each) => `${each.tagName}.${each.className} ${Math.round(each.getBoundingClientRect().left)}–${Math.round(each.getBoundingClientRect().right)} of ${room}`).slice(0, 5);
  });
  assert.deepEqual(wide, [], `${what} scrolls sideways`);
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
