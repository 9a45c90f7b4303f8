// Draws the specimen card: node draw.mjs FOLDER → id-front.jpg and id-back.jpg.
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { back, CARD, front } from './card.mjs';
import { CHROMIUM } from './tools.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node draw.mjs FOLDER');
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: CARD });
for (const [name, html] of [['id-front.jpg', front()], ['id-back.jpg', back()]]) {
  await page.setContent(html);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder, name), type: 'jpeg', quality: 88 });
}
await browser.close();
