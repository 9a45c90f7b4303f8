// How light and how accessible the seller's pages are, as JSON lines: bytes that they load,
// what axe finds, and Lighthouse's median of RUNS on its own mobile profile (a slow phone on
// a slow network, simulated). The code is 1 where a bound is missed.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launch as launchChrome } from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { clean } from '../product/axe.mjs';
import { context, launch, open, PHONE } from '../product/browser.mjs';
import { start } from '../product/server.mjs';
import { ROOT } from '../specimen/film.mjs';
import { CHROMIUM } from '../specimen/tools.mjs';

const RUNS = Number(process.env.RUNS ?? 5);
const least = 95; // performance and accessibility
const usable = 3000; // ms to interactive
const heaviest = 60_000; // bytes of gzip JavaScript

const server = await start();
let missed = 0;
const say = (figure, ok = true) => {
  if (!ok) missed++;
  console.log(JSON.stringify({ ...figure, ok }));
};
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  await bundles();
  const pages = await sellerPages();
  await axe(pages);
  for (const [name, url] of Object.entries(pages)) await measure(name, url);
} finally {
  await server.stop();
  await server.remove();
}
process.exitCode = missed ? 1 : 0;

/** JavaScript that each page loads at once, and all of it. */
async function bundles() {
  const dist = join(ROOT, 'web/dist');
  for (const page of (await readdir(dist)).filter((name) => name.endsWith('.html'))) {
    const html = await readFile(join(dist, page), 'utf8');
    const scripts = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path);
    const sizes = await Promise.all(scripts.map(async (path) => gzipSync(await readFile(join(dist, path))).length));
    const bytes = sizes.reduce((a, b) => a + b, 0);
    say({ figure: 'javascript', page, files: sizes.length, gzip: bytes }, page !== 'seller.html' || bytes < heaviest);
  }
}

async function sellerPages() {
  const room = async (more) => (await server.room(more)).sellerLink;
  return { status: await room({}), booking: await room({ book: true }), 'unknown link': `${server.url}/j/AAAAAAAAAAAAAAAAAAAAAA` };
}

async function axe(pages) {
  const browser = await launch(null);
  for (const [name, url] of Object.entries(pages)) {
    const page = await open(await context(browser, PHONE), url);
    await page.locator('.screen-main:not(.loading) h1').first().waitFor({ state: 'attached' });
    const found = await clean(page, name).then(() => [], (err) => err.actual);
    say({ figure: 'axe', page: name, found: found.length, what: found }, found.length === 0);
    await page.context().close();
  }
  await browser.close();
}

async function measure(name, url) {
  const runs = [];
  for (let i = 0; i < RUNS; i++) {
    const profile = await mkdtemp(join(tmpdir(), 'verifycall-light-')); // nothing is cached
    const chrome = await launchChrome({ chromePath: CHROMIUM, userDataDir: profile, chromeFlags: ['--headless=new', '--no-sandbox'] });
    const result = await lighthouse(url, { port: chrome.port, onlyCategories: ['performance', 'accessibility'], logLevel: 'error' });
    await chrome.kill();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    const { categories, audits } = result.lhr;
    runs.push({ performance: Math.round(categories.performance.score * 100), accessibility: Math.round(categories.accessibility.score * 100),
      contentful: audits['first-contentful-paint'].numericValue, largest: audits['largest-contentful-paint'].numericValue, interactive: audits.interactive.numericValue,
      blocked: audits['total-blocking-time'].numericValue, shift: audits['cumulative-layout-shift'].numericValue,
      failed: Object.values(audits).filter((audit) => audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode === 'binary').map((audit) => audit.id) });
  }
  const of = (key) => Math.round(median(runs.map((run) => run[key])) * 1000) / 1000;
  const figure = { figure: 'lighthouse', page: name, runs: RUNS, performance: of('performance'), accessibility: of('accessibility'), fcp_ms: Math.round(of('contentful')),
    lcp_ms: Math.round(of('largest')), interactive_ms: Math.round(of('interactive')), tbt_ms: Math.round(of('blocked')), cls: of('shift'), failed: [...new Set(runs.flatMap((run) => run.failed))] };
  say(figure, figure.performance >= least && figure.accessibility >= least && figure.interactive_ms < usable);
}
