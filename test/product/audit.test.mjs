// The auditor's pages on seeded rooms without media: what waits, views, samples,
// a blind decision by the keyboard alone, a second opinion, agreement, and what
// the pages say when something is wrong.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, picturing } from './browser.mjs';
import { fitsBothWays } from './fits.mjs';
import { pause, startSeeded } from './server.mjs';
import * as step from './steps.mjs';

let server;
let browser;
let page;
const by = (id) => page.getByTestId(id);
const row = (room) => page.locator(`[data-testid="audit-row"][data-room="${room}"]`);

before(async () => {
  server = await startSeeded(40);
  browser = await launch(null);
  page = await open(await context(browser, DESK));
  await step.signIn(page, server.lines.auditor, '/audit');
});

after(async () => {
  await browser?.close();
  await server?.kill();
  await server?.remove();
});

const part = (name, body) => test(name, () => picturing(`audit-${name.split(' ').slice(0, 3).join('-')}`, { page }, body));

/** axe in both themes. */
async function cleanInBoth(name) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((t) => { document.documentElement.dataset.theme = t; }, theme);
    await clean(page, `${name}, ${theme}`);
  }
  await page.evaluate(() => { document.documentElement.dataset.theme = 'light'; });
}

part('the queue has what waits, and no verdict of a blind room', async () => {
  const { blind, flagged } = server.seeded;
  await row(blind).waitFor();
  assert.equal(await row(blind).getAttribute('data-blind'), 'true');
  assert.doesNotMatch(await row(blind).innerText(), /Fail|D_COPY/);
  assert.match(await row(flagged).innerText(), /Fail[\s\S]*Coercion/);
  const answer = await page.evaluate(() => fetch('/api/audit/rooms?part=queue').then((r) => r.json()));
  const told = answer.rooms.find((each) => each.id === blind);
  assert.deepEqual([told.verdict, told.reasons, told.flags], ['', [], []]);
  await cleanInBoth('queue');
});

part('a filter becomes a saved view, which another visit still has, and can be dropped', async () => {
  await by('audit-view-all').click();
  await by('audit-verdict').selectOption('fail');
  await row(server.seeded.blind).waitFor({ state: 'detached' }); // that it failed is hidden
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="audit-row"]').length > 2);
  const failed = await by('audit-row').count();
  for (const text of await by('audit-row').allInnerTexts()) assert.match(text, /Fail/);
  await by('audit-save-view').click();
  await by('audit-view-name').fill('All fails');
  await page.keyboard.press('Enter');
  await by('audit-saved-view').waitFor();
  await page.goto(`${server.url}/audit`);
  await by('audit-saved-view').click();
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid="audit-row"]').length === n, failed);
  await by('audit-drop-view').click();
  await by('audit-saved-view').waitFor({ state: 'detached' });
});

part('a seller is found by the whole address, which no address bar shows', async () => {
  await by('audit-view-all').click();
  await page.keyboard.press('/');
  await page.keyboard.type('seller5@example.org');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="audit-row"]').length === 1);
  assert.ok(!page.url().includes('seller5'), page.url());
  await by('audit-clear').click();
});

part('a sample is drawn by the server and stands in the queue, blind', async () => {
  await by('audit-view-queue').click();
  await row(server.seeded.blind).waitFor();
  const before = await by('audit-row').count();
  await by('audit-sample').click();
  await by('audit-sample-percent').fill('50');
  await cleanInBoth('sample');
  await by('audit-sample-draw').click();
  await by('audit-samples').waitFor();
  const { samples: [drawn] } = await page.evaluate(() => fetch('/api/audit/samples').then((r) => r.json()));
  assert.ok(drawn.rooms.length === Math.ceil(drawn.of / 2) && drawn.rooms.length > 1, JSON.stringify(drawn));
  await page.keyboard.press('Escape');
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid="audit-row"]').length === n, before + drawn.rooms.length);
  assert.equal(await row(drawn.rooms[0]).getAttribute('data-blind'), 'true');
});

part('a blind review, by the keyboard alone', async () => {
  const { blind } = server.seeded;
  await page.locator('body').press('j');
  for (let i = 0; i < 40 && !(await row(blind).getAttribute('class'))?.includes('picked'); i++) await page.keyboard.press(i < 20 ? 'j' : 'k');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="audit-verify"][data-whole="true"][data-signer="true"]').waitFor();
  await by('audit-blind').waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), /Looked aside|Not as it should be|somebody whispers/i);
  await cleanInBoth('blind desk');
  await page.keyboard.press('x');
  await by('audit-decide-send').click({ force: true }); // it looks closed: no reason yet
  await page.getByText('needs a reason').waitFor();
  await by('audit-decide-reason').selectOption('D_EXPIRED');
  await by('audit-check-different').first().focus();
  await page.keyboard.press('Enter');
  await by('audit-decide-note').focus();
  await page.keyboard.type('The date is over.');
  await page.keyboard.down('Control');
  await page.keyboard.down('Enter'); // asks once more
  await page.getByText('reads the new outcome').waitFor();
  await page.keyboard.down('Enter'); // and goes on asking while it is held
  await page.keyboard.up('Enter');
  await page.keyboard.up('Control');
  await pause(1000); // for a decision that must not come
  assert.ok(await by('audit-decide-send').isVisible(), 'one press was both steps of the rejection');
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-testid="audit-opinion"][data-decision="reject"][data-agrees="same"]').waitFor();
  assert.match(await by('audit-decided').innerText(), /Fail[\s\S]*Copy or screen[\s\S]*Reject[\s\S]*The date is over/);
  await cleanInBoth('decided desk');
  await by('audit-tab-notes').click();
  await page.getByText('Looked aside twice').waitFor();
  await by('audit-tab-access').click();
  assert.match(await by('audit-access').innerText(), /Decided[\s\S]*blind[\s\S]*Drawn for review/);
  const custody = await page.evaluate((id) => fetch(`/api/audit/rooms/${id}/custody.jsonl`).then((r) => r.text()), blind);
  const entry = custody.split('\n').filter(Boolean).map((line) => JSON.parse(line)).find((each) => each.type === 'reviewed');
  assert.ok(entry.hash && entry.prev && entry.body.blind === true && entry.body.decision === 'reject' && !custody.includes('The date is over'));
});

part('an escalated room takes a second auditor\'s decision, which counts', async () => {
  const { escalated } = server.seeded;
  await page.goto(`${server.url}/audit/room/${escalated}`);
  await page.locator('[data-testid="audit-verify"][data-whole="true"]').waitFor();
  await by('audit-decide-approve').click();
  await by('audit-decide-send').click();
  await page.locator('[data-testid="audit-opinion"][data-decision="approve"][data-agrees="different"]').waitFor();
  assert.equal(await by('audit-opinion').count(), 2);
  const status = await (await server.api(`/api/v1/rooms/${escalated}`)).json();
  assert.deepEqual([status.state, status.verdict, status.outcome.verdict, status.outcome.by], ['closed', 'fail', 'pass', 'auditor']);
});

part('a changed byte in the store is named at the top', async () => {
  const { due } = server.seeded;
  const folder = join(server.data, 'store');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  const plan = files.find((f) => f.includes(due) && f.includes('data/plan.json'));
  assert.ok(plan, files.filter((f) => f.includes(due)).join('\n'));
  const bytes = await readFile(plan);
  bytes[bytes.length - 5] ^= 1;
  await chmod(plan, 0o644);
  await writeFile(plan, bytes);
  await page.goto(`${server.url}/audit/room/${due}`);
  await page.locator('[data-testid="audit-verify"][data-whole="false"]').waitFor();
  assert.match(await by('audit-wrong').getAttribute('data-item'), /plan\.json/);
  await cleanInBoth('damaged');
});

part('agreement is counted and drawn', async () => {
  await page.goto(`${server.url}/audit/agreement`);
  await by('agree-figures').waitFor();
  assert.ok(Number(await by('agree-figures').getAttribute('data-of')) >= 15);
  assert.match(await by('agree-kappa').innerText(), /^0\.\d\d$/);
  assert.ok(await page.locator('.weeks circle').count() >= 4, 'a point for each week');
  assert.equal(await page.locator('[data-testid="agree-managers"] li').count(), 3);
  await cleanInBoth('agreement');
  await page.locator('[data-testid="agree-from"]').fill('2020-01-01');
  await page.locator('[data-testid="agree-to"]').fill('2020-02-01');
  await page.getByText('No review in this time').waitFor();
});

part('from right to left and at 200 % nothing scrolls sideways', () => fitsBothWays(page, {
  [`${server.url}/audit`]: 'audit-row',
  [`${server.url}/audit/agreement`]: 'agree-figures',
  [`${server.url}/audit/room/${server.seeded.flagged}`]: 'audit-verify',
  [`${server.url}/audit/room/${server.seeded.flagged}/report`]: 'audit-report',
}));

part('what can\'t be loaded says so and comes back', async () => {
  await page.route('**/api/audit/rooms**', (route) => route.abort());
  await page.goto(`${server.url}/audit`);
  await page.getByText('could not be loaded').waitFor();
  await cleanInBoth('error');
  await page.unroute('**/api/audit/rooms**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await by('audit-row').first().waitFor();
  assert.deepEqual(page.complaints, []);
});
