// Pictures of every screen, from a real run: node screenshots.mjs FOLDER
import { join } from 'node:path';
import { cardFilm, faceFilm } from '../specimen/film.mjs';
import { context, DESK, launch, open, PHONE, playing } from './browser.mjs';
import { pause, start, startSeeded } from './server.mjs';
import * as step from './steps.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node screenshots.mjs FOLDER');
  process.exit(2);
}

const server = await start();
const [hand, desk] = await Promise.all([launch(await cardFilm(720)), launch(await faceFilm(360))]);
const shoot = async (page, name, options = {}) => {
  await pause(700); // pictures have moved in
  await page.screenshot({ path: join(folder, `${name}.png`), ...options });
  console.log(`${name}.png`);
};
const phone = async (more = {}, camera = true) => open(await context(hand, { ...PHONE, deviceScaleFactor: 2, ...more }, { camera }));

try {
  await alone();
  await sellerAlone();
  await queue();
  await call();
  await staffOnSeeded();
} finally {
  await Promise.all([hand.close(), desk.close()]);
  await server.stop();
  await server.remove();
}

/** Pages that need nobody else. */
async function alone() {
  const page = await open(await context(desk, DESK));
  for (const [path, name, shown] of [['/', 'landing', 'h1'], ['/in/AAAAAAAAAAAAAAAAAAAAAA', 'signin-refused', '[data-testid="signin-refused"]']]) {
    await page.goto(server.url + path);
    await page.locator(shown).waitFor();
    await shoot(page, name);
  }
  for (const [name, scheme, lang] of [['privacy', 'light', 'en'], ['privacy-dark', 'dark', 'de']]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(`${server.url}/privacy?lang=${lang}`);
    await shoot(page, name, { fullPage: true });
  }
  await page.emulateMedia({ colorScheme: null });
  await page.goto(`${server.url}/design`);
  await page.getByTestId('design-dark').waitFor();
  await shoot(page, 'design', { fullPage: true });
  await page.context().close();
}

/** A room whose seller still has to choose a time. */
async function toBook(name = 'Anna Maria Eriksson') {
  return (await server.room({ book: true, seller: { name } })).sellerLink;
}

/** The seller's pages before the call, in all languages and with what can go wrong. */
async function sellerAlone() {
  const unknown = await phone();
  await unknown.goto(`${server.url}/j/AAAAAAAAAAAAAAAAAAAAAA`);
  await unknown.getByTestId('seller-end-link_unknown').waitFor();
  await shoot(unknown, 'seller-link-unknown');
  await unknown.context().close();

  const booking = await phone();
  await booking.goto(await toBook());
  await booking.getByTestId('booking-slot').first().waitFor();
  await booking.getByTestId('booking-slot').nth(2).click();
  await shoot(booking, 'seller-booking');
  await booking.context().close();

  for (const [tag, locale] of [['de', 'de-DE'], ['es', 'es-ES'], ['zh', 'zh-CN']]) {
    const page = await phone({ locale });
    await page.addInitScript((language) => localStorage.setItem('verifycall.language', language), tag);
    await page.goto(server.lines.seller);
    await page.getByTestId('seller-continue').waitFor();
    await shoot(page, `seller-status-${tag}`);
    await page.context().close();
  }
  const denied = await phone({}, false);
  await denied.goto(server.lines.seller);
  await denied.getByTestId('seller-continue').click();
  await denied.locator('[data-testid^="seller-fix-"]').first().waitFor();
  await shoot(denied, 'seller-rehearsal-blocked');
  await denied.context().close();
}

/** The instant queue: one whose turn it is, one who waits and leaves for a while, and the manager's agenda. */
async function queue() {
  const manager = await open(await context(desk, DESK));
  await step.signIn(manager, server.lines.manager, '/manager');
  await step.desk(manager, 'online');
  const first = await phone();
  await first.goto(await toBook());
  await first.getByTestId('queue-offer').waitFor();
  await shoot(first, 'seller-queue-offer');
  await first.getByTestId('queue-offer').click();
  await first.getByTestId('queue-ready').waitFor();
  await shoot(first, 'seller-queue-ready');
  for (const name of ['Li Lei', 'Marta Ruiz']) {
    const next = await phone();
    await next.goto(await toBook(name));
    await next.getByTestId('queue-offer').click();
    await playing(next, 'queue-preview');
    if (name === 'Li Lei') continue;
    await shoot(next, 'seller-queue');
    await next.getByTestId('queue-away').click();
    await next.getByTestId('queue-kept').waitFor();
    await shoot(next, 'seller-queue-kept');
  }
  await manager.getByTestId('queue-row').nth(1).waitFor();
  await shoot(manager, 'manager-queue');
  await manager.getByTestId('manager-cancel').click();
  await manager.getByTestId('manager-cancel-confirm').click();
  await step.desk(manager, 'offline');
  await manager.context().close();
}

/** One call from both sides, its verdict and its review. */
async function call() {
  const manager = await open(await context(desk, DESK));
  const seller = await phone();
  const operator = await open(await context(desk, DESK));
  await step.signIn(manager, server.lines.manager, '/manager');
  await manager.getByTestId('manager-new-room').click();
  await shoot(manager, 'manager-new-room');
  await manager.keyboard.press('Escape');
  const it = await step.makeRoom(manager);
  await manager.getByTestId('manager-link-close').click();
  await shoot(manager, 'manager-agenda');
  await manager.getByTestId('manager-hours').click();
  await shoot(manager, 'manager-hours');
  await manager.keyboard.press('Escape');
  await manager.goto(`${server.url}/manager/room/${it.room}`);
  await manager.getByTestId('manager-agree').waitFor();
  await shoot(manager, 'manager-notice');
  await step.managerJoins(manager);
  await before(seller, it);
  await step.admit(manager, seller);
  await step.capture(manager, 'FACE');
  await shoot(seller, 'seller-call-person');
  await step.chat(manager, seller);
  await manager.locator('.plan').focus();
  await manager.keyboard.press('e');
  await seller.getByTestId('seller-call-code-input').waitFor();
  await shoot(seller, 'seller-call-code');
  await seller.getByTestId('seller-call-code-input').fill(await step.mailed(server, 'anna@example.com'));
  await seller.getByTestId('seller-call-code-input').waitFor({ state: 'detached' });
  await step.capture(manager, 'DOC_FRONT');
  await seller.getByTestId('seller-mute').blur();
  await shoot(seller, 'seller-call');
  await shoot(manager, 'manager-console');
  await lost(manager, seller);
  await step.signIn(operator, server.lines.operator, '/operate');
  await operator.getByTestId('wall-tile').waitFor();
  for (const slot of ['DOC_BACK', 'FACE_WITH_DOC']) await step.capture(manager, slot);
  await shoot(operator, 'operator-wall');
  await operator.goto(`${server.url}/operate/profiles`);
  await operator.getByTestId('profile').first().waitFor();
  await shoot(operator, 'operator-profiles');
  await step.finishPlan(manager, seller);
  await step.compare(manager);
  await shoot(manager, 'manager-fields');
  await manager.getByTestId('manager-tab-face').click();
  await shoot(manager, 'manager-face');
  await manager.keyboard.press('?');
  await shoot(manager, 'manager-keys');
  await manager.keyboard.press('Escape');
  await step.passOpens(manager);
  await step.end(manager, seller);
  await shoot(seller, 'seller-ended');
  await decide(manager, seller, it);
}

/** Either side goes away for a while, as the other sees it. */
async function lost(manager, seller) {
  const both = () => Promise.all([playing(manager, 'manager-remote-video'), playing(seller, 'seller-remote-video')]);
  await manager.goto('about:blank');
  await seller.getByTestId('seller-lost').waitFor();
  await shoot(seller, 'seller-lost');
  await manager.goBack();
  await both();
  await seller.goto('about:blank');
  await manager.locator('.console[data-state="interrupted"]').waitFor();
  await shoot(manager, 'manager-lost');
  await seller.goBack();
  await both();
}

async function before(seller, it) {
  await seller.goto(it.link);
  await seller.getByTestId('seller-continue').waitFor();
  await shoot(seller, 'seller-status');
  await seller.getByTestId('seller-help').click();
  await shoot(seller, 'seller-help');
  await seller.keyboard.press('Escape');
  await seller.locator('.bring').click();
  await seller.getByTestId('seller-documents').waitFor();
  await shoot(seller, 'seller-documents');
  await seller.getByTestId('seller-documents-done').click();
  await seller.getByTestId('seller-continue').click();
  await playing(seller, 'seller-preview');
  await seller.locator('[data-testid="check-network"][data-state="ok"], [data-testid="check-network"][data-state="warn"]').waitFor();
  await shoot(seller, 'seller-rehearsal');
  await seller.getByTestId('seller-camera-ok').click();
  await seller.getByTestId('seller-agree').waitFor();
  await shoot(seller, 'seller-consent');
  await seller.getByTestId('seller-agree').click();
  await seller.getByTestId('seller-waiting').waitFor();
  await shoot(seller, 'seller-waiting');
}

async function decide(manager, seller, it) {
  await manager.getByTestId('manager-verdict').click();
  await manager.getByTestId('verdict-recapture').click();
  for (const reason of ['Q_GLARE', 'Q_CROPPED']) await manager.getByTestId(`verdict-reason-${reason}`).click();
  for (const slot of ['DOC_FRONT', 'DOC_BACK']) await manager.getByTestId(`verdict-repeat-${slot}`).click();
  await manager.getByTestId('verdict-line').fill('Daylight from a window works best. See you soon.');
  await shoot(manager, 'manager-verdict');
  await manager.getByTestId('verdict-send').click();
  await manager.locator('[data-testid="manager-sealed"][data-digest]:not([data-digest=""])').waitFor();
  await shoot(manager, 'manager-sealed');
  await seller.getByTestId('seller-result').waitFor();
  await shoot(seller, 'seller-result', { fullPage: true });
  const auditor = await open(await context(desk, DESK));
  await step.signIn(auditor, server.lines.auditor, '/audit');
  await auditor.getByTestId('audit-view-all').click();
  await auditor.locator(`[data-testid="audit-row"][data-room="${it.room}"]`).waitFor();
  await step.openReview(auditor, it.room);
  await step.playInStep(auditor);
  await shoot(auditor, 'audit-review');
  for (const tab of ['facts', 'access']) {
    await auditor.getByTestId(`audit-tab-${tab}`).click();
    await shoot(auditor, `audit-review-${tab}`);
  }
  await auditor.goto(`${server.url}/audit/room/${it.room}/report`);
  await auditor.locator('h1').waitFor();
  await shoot(auditor, 'audit-report', { fullPage: true });
}

/** Staff's lists and figures, on rooms of some weeks. */
async function staffOnSeeded() {
  const seeded = await startSeeded(40);
  try {
    const auditor = await open(await context(desk, DESK));
    await step.signIn(auditor, seeded.lines.auditor, '/audit');
    await auditor.getByTestId('audit-row').first().waitFor();
    await shoot(auditor, 'audit-worklist');
    await auditor.getByTestId('audit-sample').click();
    await shoot(auditor, 'audit-sample');
    await auditor.keyboard.press('Escape');
    await auditor.goto(`${seeded.url}/audit/agreement`);
    await auditor.getByTestId('agree-figures').waitFor();
    await shoot(auditor, 'audit-agreement');
    await auditor.goto(`${seeded.url}/audit/room/${seeded.seeded.blind}`);
    await auditor.getByTestId('audit-blind').waitFor();
    await shoot(auditor, 'audit-blind');
    const operator = await open(await context(desk, DESK));
    await step.signIn(operator, seeded.lines.operator, '/operate');
    for (const [path, name, shown] of [[`retention?room=${seeded.seeded.flagged}`, 'operator-retention', 'kept-row'], ['managers', 'operator-managers', 'manager-row']]) {
      await operator.goto(`${seeded.url}/operate/${path}`);
      await operator.getByTestId(shown).first().waitFor();
      await shoot(operator, name);
    }
  } finally {
    await seeded.stop();
    await seeded.remove();
  }
}
