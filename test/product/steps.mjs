// What people do on the pages, click by click.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT } from '../specimen/film.mjs';
import { playing } from './browser.mjs';
import { pause } from './server.mjs';

/** What the seller of the specimen card filed. */
export const APPLICATION = {
  surname: 'ERIKSSON', given_names: 'ANNA MARIA', birth_date: '1974-08-12', document_type: 'id_card',
  document_number: 'D23145890', address: '12 Harbour Lane, Zenith', business: 'Harbour Ceramics',
};
/** What nobody may find outside of the record: of the seller, and what was said. */
export const PERSONAL = [...Object.entries(APPLICATION).filter(([field]) => field !== 'document_type').map(([, value]) => value),
  'anna@example.com', '12 AUG 1974', 'Is the light good', 'I can tilt it'];
export const DOCUMENTS = {
  id_front: join(ROOT, 'cmd/verifycall/demo/id-front.jpg'),
  id_back: join(ROOT, 'cmd/verifycall/demo/id-back.jpg'),
};
/** The text of the smallest PDF that is taken. */
export const PDF = '%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n';
export const SLOTS = ['FACE', 'DOC_FRONT', 'DOC_BACK', 'FACE_WITH_DOC'];

const by = (page, id) => page.getByTestId(id);

/** A staff link opened and exchanged; ends on that person's page. */
export async function signIn(page, link, home) {
  await page.goto(link);
  await page.waitForURL((url) => url.pathname.startsWith(home));
}

/** The manager makes a room for now; gives the seller's link and the room's id. */
export async function makeRoom(page) {
  await by(page, 'manager-new-room').click();
  await by(page, 'manager-new-name').fill('Anna Maria Eriksson');
  await by(page, 'manager-new-mail').fill('anna@example.com');
  await by(page, 'manager-new-zone').fill('America/Toronto');
  await by(page, 'manager-new-now').check();
  for (const [field, value] of Object.entries(APPLICATION)) {
    if (field === 'document_type') await by(page, 'manager-new-document_type').selectOption(value);
    else await by(page, `manager-new-${field}`).fill(value);
  }
  for (const [kind, file] of Object.entries(DOCUMENTS)) await by(page, `manager-new-${kind}`).setInputFiles(file);
  await by(page, 'manager-new-submit').click();
  const link = await by(page, 'manager-seller-link').inputValue();
  const room = (await by(page, 'manager-made-open').getAttribute('href')).split('/').at(-1);
  return { link, room };
}

/** The manager goes from the new room's link to its console. */
export async function openConsole(page) {
  await by(page, 'manager-made-open').click();
  await page.waitForURL(/\/manager\/room\//);
}

/** The seller opens the link and tests the camera; ends before the notice. */
export async function toNotice(page, link) {
  await page.goto(link);
  await by(page, 'seller-continue').click();
  await playing(page, 'seller-preview');
  await by(page, 'seller-camera-ok').click();
  await by(page, 'seller-agree').waitFor();
}

/** … agrees and is in the waiting room. */
export async function toWaiting(page, link) {
  await toNotice(page, link);
  await by(page, 'seller-agree').click();
  await by(page, 'seller-waiting').waitFor();
}

/** The address bar has lost the link's token. */
export function assertNoToken(page, link) {
  const token = link.split('/').at(-1);
  assert.ok(!page.url().includes(token), `the address still has the token: ${page.url()}`);
}

/** The manager agrees to the own notice; the own picture comes up. */
export async function managerJoins(page) {
  await by(page, 'manager-agree').click();
  await playing(page, 'manager-self-video');
}

/** The manager lets the waiting seller in; both see each other. */
export async function admit(manager, seller) {
  await by(manager, 'manager-admit').click();
  await Promise.all([playing(manager, 'manager-remote-video'), playing(seller, 'seller-remote-video')]);
}

/** The page's remote element plays sound that is not silence. */
export async function hears(page, testid) {
  const loudest = await page.evaluate(async (id) => {
    const audio = new AudioContext();
    const meter = audio.createAnalyser();
    audio.createMediaStreamSource(document.querySelector(`[data-testid="${id}"]`).srcObject).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    let most = 0;
    for (let i = 0; i < 200 && most < 0.01; i++) {
      await new Promise((done) => { setTimeout(done, 50); });
      meter.getFloatTimeDomainData(samples);
      most = Math.max(most, ...samples.map(Math.abs));
    }
    await audio.close();
    return most;
  }, testid);
  assert.ok(loudest >= 0.01, `nothing is heard from ${testid}: peak ${loudest}`);
}

/** One step of the plan: shown to the seller, captured, on screen. */
export async function capture(manager, slot) {
  const stills = manager.locator(`[data-testid="manager-still"][data-slot="${slot}"]`);
  const before = await stills.count();
  await by(manager, `manager-step-${slot}`).click();
  await manager.locator(`[aria-current="step"] > [data-testid="manager-step-${slot}"]`).waitFor();
  const refused = manager.locator('.step-body [role="alert"]');
  for (let tries = 0; tries < 4; tries++) { // a busy machine may bring no key frame in time; then people try again
    await by(manager, 'manager-capture').click();
    await manager.locator('[data-testid="manager-capture"][aria-busy="true"]').waitFor({ state: 'detached' });
    await stills.nth(before).or(refused).first().waitFor();
    if (await stills.count() > before) return stills.nth(before).getAttribute('data-sha256');
  }
  throw new Error(`${slot} was not captured: ${await refused.innerText()}`);
}

/** Both sides' chat. */
export async function chat(manager, seller) {
  await by(manager, 'manager-chat-input').fill('Is the light good like this?');
  await by(manager, 'manager-chat-send').click();
  await by(seller, 'seller-chat-open').click();
  await seller.locator('.chat-lines').getByText('Is the light good like this?').waitFor();
  await by(seller, 'seller-chat-input').fill('Yes, I can tilt it.');
  await by(seller, 'seller-chat-send').click();
  await manager.locator('.chat-lines').getByText('Yes, I can tilt it.').waitFor();
  await seller.locator('dialog[open] .dialog-head button').click();
}

/** Everything of the plan that is neither a capture nor the comparison: one feature skipped with its reason, the rest done. */
export async function finishPlan(manager, seller) {
  const codes = await manager.locator('[data-testid^="manager-step-FEATURE_"], [data-testid^="manager-step-CHALLENGE_"], [data-testid^="manager-step-QUESTION_"]')
    .evaluateAll((rows) => rows.map((row) => row.dataset.testid.slice('manager-step-'.length)));
  for (const [i, code] of codes.entries()) {
    const row = manager.locator(`li.step:has(> [data-testid="manager-step-${code}"])`);
    await by(manager, `manager-step-${code}`).click();
    await by(row, 'manager-step-done').waitFor();
    if (i === 0) { // the seller reads it, in the own words
      const shown = await by(seller, 'seller-prompt').innerText();
      assert.ok(shown.length > 10 && !shown.includes('_'), `the seller's prompt is ${shown}`);
    }
    if (code === codes.find((each) => each.startsWith('FEATURE_'))) await by(row, 'manager-step-skip').selectOption('not_on_document');
    else await by(row, 'manager-step-done').click();
    await manager.locator(`li.step.done:has(> [data-testid="manager-step-${code}"])`).waitFor();
  }
  return codes;
}

/** The face by eye, and what the manager reads on the document for each field. */
export async function compare(manager) {
  await by(manager, 'manager-step-COMPARE').click();
  await by(manager, 'manager-tab-face').click();
  assert.equal(await by(manager, 'manager-same-face').getAttribute('aria-disabled'), 'true', 'no opinion before every feature was looked at');
  for (const row of await manager.locator('[data-testid^="feature-"]').all()) await decide(manager, (await row.getAttribute('data-testid')).slice('feature-'.length));
  await decide(manager, 'face');
  await by(manager, 'manager-tab-fields').click();
  const read = { name: 'Anna Maria Eriksson', number: 'D23145890', birth_date: '12 AUG 1974' };
  for (const [item, value] of Object.entries(read)) {
    await by(manager, `manager-typed-${item}`).fill(value);
    await decide(manager, item);
  }
}

async function decide(manager, item) {
  await by(manager, `manager-same-${item}`).click();
  await manager.locator(`[data-testid="manager-same-${item}"][aria-pressed="true"]`).waitFor();
}

/**
 * Waits until nothing keeps pass locked. On a busy machine little of the first
 * seconds is recorded; the share grows with the call.
 */
export async function passOpens(manager) {
  await manager.locator('[data-testid="manager-missing"][data-count="0"]').waitFor({ timeout: 150_000 }).catch(async (err) => {
    throw new Error(`pass stays locked by ${JSON.stringify(await missing(manager))}`, { cause: err });
  });
}

/** What keeps pass locked, as [code, item] pairs. */
export async function missing(manager) {
  return by(manager, 'manager-missing').locator('li').evaluateAll((rows) => rows.map((row) => [row.dataset.code, row.dataset.item]));
}

/** The manager ends the call; the seller's page says so. */
export async function end(manager, seller) {
  await by(manager, 'manager-end').click();
  await by(manager, 'manager-end-confirm').click();
  await by(seller, 'seller-ended').waitFor();
}

/** A verdict is sent and the record sealed; gives the bundle's digest. */
export async function decideAs(manager, verdict, reasons = []) {
  await by(manager, 'manager-verdict').click();
  await by(manager, `verdict-${verdict}`).click();
  for (const reason of reasons) await by(manager, `verdict-reason-${reason}`).click();
  await by(manager, 'verdict-send').click();
  await manager.locator('[data-testid="manager-sealed"][data-digest]:not([data-digest=""])').waitFor();
  return by(manager, 'manager-sealed').getAttribute('data-digest');
}

/** The auditor's list by its filters: the room is under its verdict and not under another. */
export async function findDecided(page, room) {
  await by(page, 'audit-view-all').click();
  const row = page.locator(`[data-testid="audit-row"][data-room="${room}"]`);
  await row.waitFor();
  await by(page, 'audit-verdict').selectOption('fail');
  await row.waitFor({ state: 'detached' });
  await by(page, 'audit-verdict').selectOption('pass');
  await by(page, 'audit-manager').selectOption({ index: 1 });
  await by(page, 'audit-from').fill(localDay(-1));
  await row.waitFor();
  await by(page, 'audit-to').fill(localDay(-1));
  await row.waitFor({ state: 'detached' });
  await by(page, 'audit-to').fill('');
  await row.waitFor();
}

/** The newest code that was mailed to somebody, once it is another than before. */
export async function mailed(server, address, before = '') {
  for (let i = 0; i < 100; i++) {
    const page = await (await fetch(server.lines.mail)).text();
    const mine = page.split('<article').filter((mail) => mail.includes(address)).map((mail) => mail.replace(/<[^>]*>/g, ' '));
    const code = mine.map((mail) => /^\s*([0-9]{6})\s*$/m.exec(mail)?.[1]).find(Boolean); // the latest mail is the first
    if (code && code !== before) return code;
    await pause(200);
  }
  return assert.fail('no mail with a code');
}

const localDay = (shift) => new Date(Date.now() + shift * 86400e3).toISOString().slice(0, 10);

/** Opens a room of the list; its record is found whole and its signer known. */
export async function openReview(page, room) {
  await page.locator(`[data-testid="audit-row"][data-room="${room}"]`).getByTestId('audit-open').click();
  await page.locator('[data-testid="audit-verify"][data-whole="true"][data-signer="true"]').waitFor();
}

/** Both recordings run under one clock, and a click on an entry of the ledger seeks both. */
export async function playInStep(page) {
  await by(page, 'audit-play').click();
  await Promise.all([playing(page, 'audit-video-seller'), playing(page, 'audit-video-manager')]);
  await page.waitForTimeout(2000);
  assertInStep(await clocks(page), 'while playing');
  await by(page, 'audit-play').click();
  await by(page, 'audit-tab-timeline').click();
  const entry = page.locator('[data-testid="audit-entry"][data-type="capture"]').last();
  await entry.click();
  const at = Number(await entry.getAttribute('data-at'));
  await page.waitForFunction((ms) => Math.abs(Number(document.querySelector('[data-testid="audit-transport"]').dataset.at) - ms) < 100
    && [...document.querySelectorAll('[data-testid^="audit-video-"]')].every((v) => !v.seeking && Math.abs(Number(v.dataset.start) + v.currentTime * 1000 - ms) < 300), at);
  assertInStep(await clocks(page), 'after a seek');
}

/** Times of both recordings on the call's line, in ms. */
const clocks = (page) => page.locator('[data-testid^="audit-video-"]').evaluateAll((videos) => videos.map((v) => Number(v.dataset.start) + v.currentTime * 1000));

function assertInStep(times, when) {
  assert.equal(times.length, 2, when);
  assert.ok(Math.abs(times[0] - times[1]) < 300, `${when}: recordings at ${times} ms`);
}

/** The auditor's report on paper: all is there that it promises, and it prints as a PDF of several pages. */
export async function report(page, server, { room, digest, stills }) {
  await by(page, 'audit-report-open').click();
  const sheet = by(page, 'audit-report');
  await sheet.getByText(digest).first().waitFor();
  assert.equal(await by(page, 'audit-report-verified').getAttribute('data-whole'), 'true');
  const all = Object.values(stills).flat();
  await page.waitForFunction((n) => {
    const pictures = [...document.querySelectorAll('[data-testid="audit-report-still"] img')];
    return pictures.length === n && pictures.every((i) => i.naturalWidth === 1280);
  }, all.length);
  const [region] = await page.locator('[data-testid="audit-report-region"]').evaluateAll((figures) => figures.map((f) => ({
    box: f.querySelector('svg').getAttribute('viewBox').split(' ').map(Number), url: f.querySelector('image').href.baseVal, tall: f.querySelector('svg').getBoundingClientRect().height, text: f.innerText })));
  const marked = await page.evaluate((id) => fetch(`/api/audit/rooms/${id}`).then((r) => r.json()).then(({ facts }) => facts.crops), room);
  assert.deepEqual([region.box], marked.map(({ x, y, width, height }) => [x, y, width, height]), 'the region that was marked');
  assert.ok(region.url.includes(marked[0].still) && region.text.includes(marked[0].still) && region.text.includes(`${marked[0].width} × ${marked[0].height}`), `its still and its place: ${JSON.stringify(region)}`);
  assert.ok(region.tall > 20, `it is ${region.tall} pixels high`);
  const text = await sheet.innerText();
  for (const sum of all) assert.ok(text.includes(sum), `the digest of still ${sum}`);
  assert.ok(text.includes(room) && text.includes('seller-'), 'the room and its recordings');
  const entries = await page.locator('.report-entries tr').count();
  assert.ok(entries > 20, `${entries} entries of the ledger`);
  assert.equal(await page.locator('.report-checks tr').count(), await page.locator('.report-checks tr', { hasText: 'matches' }).count() || -1, 'every check of the verification holds');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.report-bar').isVisible(), false, 'buttons are not printed');
  const pdf = await page.pdf({ format: 'A4' });
  await page.emulateMedia({ media: null });
  assert.ok(pdf.subarray(0, 5).toString() === '%PDF-' && (pdf.toString('latin1').match(/\/Type \/Page\b/g) ?? []).length >= 2, 'a PDF of several pages');
}

/** The auditor's whole way; gives the path of the downloaded ZIP. */
export async function audit(page, server, { room, digest }) {
  await signIn(page, server.lines.auditor, '/audit');
  assertNoToken(page, server.lines.auditor);
  await findDecided(page, room);
  await openReview(page, room);
  await playInStep(page);
  assert.equal(await by(page, 'audit-still').count(), 5);
  assert.equal(await by(page, 'audit-region').count(), 1);
  await page.getByTestId('audit-tab-facts').click();
  await page.getByText(digest).first().waitFor();
  await page.getByTestId('audit-tab-documents').click();
  await page.waitForFunction(() => document.querySelectorAll('.filed img').length === 2 && [...document.querySelectorAll('.filed img')].every((i) => i.naturalWidth > 0));
  const [download] = await Promise.all([page.waitForEvent('download'), by(page, 'audit-download').click()]);
  const path = join(server.folder, 'audit.zip');
  await download.saveAs(path);
  await page.reload(); // the record's custody, with this look at it
  await page.getByTestId('audit-tab-access').click();
  const seen = await by(page, 'audit-access').innerText();
  const custody = await page.evaluate((id) => fetch(`/api/audit/rooms/${id}`).then((r) => r.json()), room);
  const types = custody.custody.map((e) => e.type);
  for (const type of ['custody_opened', 'viewed', 'played', 'downloaded']) assert.ok(types.includes(type), `${type} is in custody: ${types}`);
  assert.ok(types.filter((t) => t === 'viewed').length >= 2 && types.filter((t) => t === 'played').length >= 2, `each view and each recording: ${types}`);
  assert.ok(seen.split('\n').length >= types.length, 'the page shows them');
  return path;
}

/** The manager says whether the queue may call. */
export async function desk(manager, status) {
  const choice = manager.getByTestId(`desk-${status}`);
  await choice.locator('input:enabled').waitFor({ state: 'attached' });
  await choice.click();
  await manager.locator(`.desk-switch[aria-busy="false"] [data-testid="desk-${status}"].chosen`).waitFor();
}
