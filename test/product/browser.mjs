// Chromium with a film as its camera. The film is a matter of the whole process,
// so the seller and the manager are two processes.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ROOT } from '../specimen/film.mjs';
import { CHROMIUM } from '../specimen/tools.mjs';

const PATIENCE = 45000; // ms for anything to appear; only a failure takes as long

export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, locale: 'en-GB', timezoneId: 'America/Toronto', reducedMotion: 'reduce' };
export const DESK = { viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' };

/** A browser whose camera plays film; without a film it has no camera at all. program may be another than CHROMIUM. */
export function launch(film, more = [], program = CHROMIUM) {
  const camera = film
    ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]
    : [];
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required',
    '--disable-features=WebRtcHideLocalIpsWithMdns', ...camera, ...more] });
}

/** A context that grants camera and microphone, unless told otherwise. */
export async function context(browser, kind, { camera = true } = {}) {
  const made = await browser.newContext({ ...kind, permissions: camera ? ['camera', 'microphone'] : [], acceptDownloads: true });
  made.setDefaultTimeout(PATIENCE);
  return made;
}

/**
 * Opens pages of a context and keeps what they complain about: page.complaints
 * has script errors and refusals by the page's own policy; page.heard the
 * frames that its WebSockets got.
 */
export async function open(ctx, url) {
  const page = await ctx.newPage();
  page.complaints = [];
  page.heard = [];
  page.on('websocket', (ws) => ws.on('framereceived', ({ payload }) => page.heard.push(String(payload))));
  page.on('pageerror', (err) => page.complaints.push(String(err)));
  page.on('console', (m) => {
    if (m.type() === 'error' && /Content.Security|Uncaught|Refused/i.test(m.text())) page.complaints.push(m.text());
  });
  if (url) await page.goto(url);
  return page;
}

/** Runs body; when it fails, every page's picture is kept in .cache/failed. */
export async function picturing(name, pages, body) {
  try {
    await body();
  } catch (err) {
    const folder = join(ROOT, '.cache/failed');
    await mkdir(folder, { recursive: true });
    for (const [who, page] of Object.entries(pages)) {
      await page?.screenshot({ path: join(folder, `${name}-${who}.png`) }).catch(() => {});
    }
    err.message += `\n(pictures: ${folder}/${name}-*.png)`;
    throw err;
  }
}

/** A picture of a page for whoever wants to look: VERIFYCALL_PICTURES names the folder. */
export async function picture(page, name, options = {}) {
  if (process.env.VERIFYCALL_PICTURES) await page.screenshot({ path: join(process.env.VERIFYCALL_PICTURES, `${name}.png`), ...options });
}

/** Waits until a <video> element of the page shows moving pictures of a size. */
export async function playing(page, testid) {
  await page.waitForFunction((id) => {
    const video = document.querySelector(`[data-testid="${id}"]`);
    return video && video.videoWidth > 0 && video.readyState >= 2 && video.currentTime > 0.2 && !video.paused;
  }, testid, { timeout: PATIENCE });
}
