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
