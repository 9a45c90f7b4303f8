// From booking to the sealed record and its audit, by clicking, with real cameras'
// films, and then the record itself with stock tools. No mock anywhere.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { cardFilm, faceFilm } from '../specimen/film.mjs';
import { SPECIMEN, td2, wrongDigit } from '../specimen/mrz.mjs';
import { readLine2, size } from '../specimen/read.mjs';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, PHONE, picturing, playing } from './browser.mjs';
import * as log from './log.mjs';
import * as record from './record.mjs';
import { pause, start } from './server.mjs';
import * as step from './steps.mjs';

let server;
let browsers;
const pages = {};
const it = {}; // what one part leaves for the next: link, room, stills, digest, bag

before(async () => {
  server = await start();
  browsers = await Promise.all([launch(await cardFilm(720)), launch(await faceFilm(360))]);
  pages.seller = await open(await context(browsers[0], PHONE));
  pages.manager = await open(await context(browsers[1], DESK));
});

after(async () => {
  await Promise.all((browsers ?? []).map((b) => b.close()));
  if (server) await server.kill();
  await server?.remove();
});

// Each part needs those before it: after a failure the rest is skipped.
let broken = '';
const part = (name, body) => test(name, async (t) => {
  if (broken) return t.skip(`after "${broken}"`);
  try {
    await picturing(`whole-path-${name.split(' ').slice(0, 4).join('-').replace(/[^a-z-]/gi, '')}`, pages, body);
  } catch (err) {
    broken = name;
    throw err;
  }
});

part('the manager signs in and makes a room for now', async () => {
  const { manager } = pages;
  await step.signIn(manager, server.lines.manager, '/manager');
  step.assertNoToken(manager, server.lines.manager);
  Object.assign(it, await step.makeRoom(manager));
  assert.match(it.room, /^R-[0-9A-HJKMNP-TV-Z]{8}$/);
  assert.ok(it.link.split('/').at(-1).length >= 22, 'a link of 128 bits');
  await step.openConsole(manager);
  await step.managerJoins(manager);
});

part('a mail scanner that fetches the link changes nothing', async () => {
  for (let i = 0; i < 3; i++) {
    const got = await fetch(it.link);
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('set-cookie'), null);
  }
});

part('the seller tests the camera, agrees to the notice and waits', async () => {
  const { seller } = pages;
  await step.toNotice(seller, it.link);
  step.assertNoToken(seller, it.link);
  await assertNothingRecorded('before the notice');
  await seller.getByTestId('seller-agree').click();
  await seller.getByTestId('seller-waiting').waitFor();
  await pages.manager.getByTestId('manager-admit').waitFor();
  await pause(1500); // media of both are connected by now, and still nothing may be recorded
  await assertNothingRecorded('in the waiting room');
});

part('admitted, they see and hear each other', async () => {
  const { manager, seller } = pages;
  await step.admit(manager, seller);
  await Promise.all([step.hears(manager, 'manager-remote-video'), step.hears(seller, 'seller-remote-video')]);
  await manager.locator('.console[data-state="live"]').waitFor();
  await seller.getByTestId('seller-recording').waitFor();
});

part('the recorder light shows bytes and coverage of each track', async () => {
  await pages.manager.waitForFunction(() => {
    const tracks = [...document.querySelectorAll('[data-testid="manager-recorder"] .recorder-track')];
    return tracks.length === 4 && tracks.every((each) => /[1-9][0-9.]* %.*[1-9][0-9.]* [kM]B/.test(each.textContent));
  });
  assert.ok((await server.recorded()).bytes > 0, 'something is recorded');
});

part('mute and camera off are seen on the other side, and chat goes both ways', async () => {
  const { manager, seller } = pages;
  await seller.getByTestId('seller-mute').click();
  await seller.getByTestId('seller-camera').click();
  await manager.locator('.seller-marks > *').nth(1).waitFor();
  await seller.getByTestId('seller-mute').click();
  await seller.getByTestId('seller-camera').click();
  await manager.locator('.seller-marks > *').first().waitFor({ state: 'detached' });
  await manager.getByTestId('manager-camera').click();
  await seller.locator('.picture-off').waitFor();
  await manager.getByTestId('manager-camera').click();
  await seller.locator('.picture-off').waitFor({ state: 'detached' });
  await step.chat(manager, seller);
});

part('a code by mail is entered in the call', async () => {
  const { manager, seller } = pages;
  await manager.locator('.plan').focus();
  await manager.keyboard.press('e');
  const entry = seller.getByTestId('seller-call-code-input');
  await entry.waitFor();
  assert.equal(await entry.getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await seller.getByTestId('seller-call-code-again').getAttribute('aria-disabled'), 'true', 'another one is not sent at once');
  const code = await step.mailed(server, 'anna@example.com');
  await clean(seller, 'the code in the call');
  await entry.fill(code === '000000' ? '000001' : '000000');
  await seller.locator('.code-line[role="alert"]').waitFor();
  await seller.reload(); // how it stands is the server's to know
  await entry.waitFor();
  await entry.fill(`Code: ${code.slice(0, 3)} ${code.slice(3)}`);
  await entry.waitFor({ state: 'detached' });
  await manager.locator('[data-testid="manager-phone-code"][aria-disabled="true"]').waitFor();
});

part('pass is locked and names what is missing', async () => {
  const { manager } = pages;
  const rows = await step.missing(manager);
  for (const slot of step.SLOTS) assert.ok(rows.some(([code, item]) => code === 'capture' && item === slot), `${slot} is named`);
  for (const item of ['face', 'name', 'number', 'birth_date']) assert.ok(rows.some(([code, i]) => code === 'compare' && i === item), `${item} is named`);
  await manager.getByTestId('manager-verdict').click();
  await manager.getByTestId('verdict-pass').click();
  assert.equal(await manager.getByTestId('verdict-send').getAttribute('aria-disabled'), 'true');
  await manager.keyboard.press('Escape');
});

part('four slots are captured, a retake keeps the earlier still', async () => {
  const { manager, seller } = pages;
  it.stills = {};
  for (const slot of step.SLOTS) {
    it.stills[slot] = [await step.capture(manager, slot)];
    await seller.locator(`[data-testid="seller-call"][data-step="${slot}"]`).waitFor();
  }
  it.stills.DOC_FRONT.push(await step.capture(manager, 'DOC_FRONT'));
  assert.notEqual(it.stills.DOC_FRONT[0], it.stills.DOC_FRONT[1]);
  assert.equal(await manager.getByTestId('manager-still').count(), 5);
});

part('the still lies beside the filed document with linked zoom', async () => {
  const { manager } = pages;
  await manager.getByTestId('manager-tab-document').click();
  const still = manager.getByTestId('manager-view-b').locator('canvas').first();
  await still.waitFor();
  await pause(800);
  const looked = await still.screenshot();
  await manager.getByTestId('manager-view-a').locator('.view-canvas').hover();
  await manager.mouse.wheel(0, -600);
  await pause(1200);
  assert.notDeepEqual(await still.screenshot(), looked, 'zooming the filed document zooms the still');
  await manager.keyboard.press('w');
  await manager.getByTestId('manager-region-kept').waitFor();
  await manager.keyboard.press('0');
  await manager.keyboard.press('w'); // of a capture that is shown whole there is nothing to keep
  await manager.getByTestId('manager-region-note').getByText(/Zoom/).waitFor();
  await manager.getByTestId('manager-region-kept').click(); // it shows what was kept
  assert.equal(await manager.getByTestId('manager-region-kept').count(), 1);
});

part('a reload brings the seller back into the same state', async () => {
  const { manager, seller } = pages;
  await seller.reload();
  await seller.getByTestId('seller-call').waitFor();
  await Promise.all([playing(seller, 'seller-remote-video'), playing(manager, 'manager-remote-video')]);
  assert.equal(await seller.getByTestId('seller-call').getAttribute('data-step'), 'DOC_FRONT');
  await pause(2000);
});

part('the plan drawn for this call is gone through, one feature skipped with its reason', async () => {
  const { manager, seller } = pages;
  const codes = await step.finishPlan(manager, seller);
  const features = codes.filter((code) => code.startsWith('FEATURE_'));
  assert.ok(features.length >= 3 && codes.length >= 5, `the plan has ${codes}`);
  const early = seller.heard.slice(0, 3).join('');
  assert.ok(!/FEATURE_|CHALLENGE_|QUESTION_/.test(early), 'the seller is not told what will come');
});

part('fields and face are compared, then nothing is missing', async () => {
  const { manager } = pages;
  await step.compare(manager);
  await step.passOpens(manager);
});

part('a silent flag stays with staff', async () => {
  const { manager, seller } = pages;
  await manager.getByTestId('manager-flag').click();
  await manager.getByTestId('manager-flag-S_COERCION').check();
  await manager.getByTestId('manager-flag-set').click();
  await manager.getByTestId('manager-flags').waitFor();
  assert.ok(!seller.heard.some((frame) => frame.includes('COERCION')), 'no frame to the seller holds the flag');
  assert.ok(seller.heard.length > 5 && manager.heard.some((frame) => frame.includes('S_COERCION')), 'frames were looked at');
});

part('the call ends, pass is given, the record is sealed', async () => {
  const { manager, seller } = pages;
  await step.end(manager, seller);
  it.digest = await step.decideAs(manager, 'pass');
  assert.match(it.digest, /^[0-9a-f]{64}$/);
  await seller.getByTestId('seller-result').waitFor();
});

part('an integrator takes the bundle; its digest is the one on the page', async () => {
  const got = await server.api(`/api/v1/rooms/${it.room}/bundle.zip`);
  assert.equal(got.status, 200);
  it.zip = join(server.folder, 'bundle.zip');
  await writeFile(it.zip, Buffer.from(await got.arrayBuffer()));
  it.bag = await record.unpack(it.zip, join(server.folder, 'bundle'));
  assert.equal(await record.digest(it.bag), it.digest);
});

part('sha256sum and minisign accept it', async () => {
  it.key = await publicKey();
  await record.checkWithStockTools(it.bag, it.key);
});

part('verify accepts it with the key, knows no signer without, names a changed byte', async () => {
  await record.checkWithVerify(server.path, it.zip, it.bag, it.key, join(server.folder, 'keys', 'verifycall.pub'));
});

part('recordings play, and with their gaps make up the call', () => record.checkRecordings(it.bag));

part('each still is the frame it says, 1280×720', async () => {
  const captures = await record.checkStills(it.bag);
  assert.deepEqual(captures.map((c) => c.slot).sort(), [...step.SLOTS, 'DOC_FRONT'].sort());
  for (const c of captures) {
    assert.deepEqual(await size(join(it.bag, 'data/stills', `${c.sha256}.webp`)), { width: 1280, height: 720 }, c.slot);
  }
});

part('line 2 of the zone is read from the still, exact with all check digits', async () => {
  for (const digest of it.stills.DOC_FRONT) {
    const line = await readLine2(join(it.bag, 'data/stills', `${digest}.webp`));
    assert.equal(line, td2(SPECIMEN)[1]);
    assert.equal(wrongDigit(line), null);
  }
});

part('the ledger tells the whole way and no personal value', () => record.checkLedger(it.bag, ['ERIKSSON', 'Eriksson', 'D23145890', 'anna@example.com', 'light good', '1974-08-12', 'S_COERCION']));

part('the auditor finds the room, sees it played in step, and downloads the same bundle', async () => {
  pages.auditor = await open(await context(browsers[1], DESK));
  const zip = await step.audit(pages.auditor, server, it);
  assert.equal(await record.digest(await record.unpack(zip, join(server.folder, 'audit'))), it.digest);
});

part('the printable report shows verdict, digest, every still and what was found', () => step.report(pages.auditor, server, it));

part('the pages had nothing to complain about', async () => {
  for (const [who, page] of Object.entries(pages)) assert.deepEqual(page.complaints, [], who);
});

part('the log tells the call by its room, and nothing of the people', async () => {
  const cookies = (await Promise.all(Object.values(pages).map((page) => page.context().cookies()))).flat().map((cookie) => cookie.value);
  const tokens = [server.lines.manager, server.lines.auditor, server.lines.operator, server.lines.seller, server.lines.mail, it.link].map((link) => link.split('/').at(-1));
  const lines = log.parse(server.log);
  log.assertNothingOf(lines, [...step.PERSONAL, 'Jonas Weber', 'Ruth Adler', server.lines.apikey, ...tokens, ...cookies]);
  console.log(`# ${log.assertTells(lines, it.room)} lines at Info or above for the call`);
});

async function assertNothingRecorded(when) {
  const found = await server.recorded();
  assert.deepEqual(found, { files: [], bytes: 0 }, when);
}

async function publicKey() {
  const keys = await (await fetch(`${server.url}/.well-known/verifycall-keys.json`)).text();
  const key = /RW[A-Za-z0-9+/=]{54}/.exec(keys)?.[0];
  assert.ok(key, `no minisign key in ${keys}`);
  return key;
}
