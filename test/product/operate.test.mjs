// The operator's pages on seeded rooms: what is kept and held, the search, the
// account managers, and the drain of a node.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, picturing } from './browser.mjs';
import { fits, fitsBothWays } from './fits.mjs';
import { startSeeded } from './server.mjs';
import * as step from './steps.mjs';

let server;
let browser;
let page;
const by = (id) => page.getByTestId(id);
const row = (room) => page.locator(`[data-testid="kept-row"][data-room="${room}"]`);

before(async () => {
  server = await startSeeded(6);
  browser = await launch(null);
  page = await open(await context(browser, DESK));
  await step.signIn(page, server.lines.operator, '/operate');
});

after(async () => {
  await browser?.close();
  await server?.kill();
  await server?.remove();
});

const part = (name, body) => test(name, () => picturing(`operate-${name.split(' ').slice(0, 3).join('-')}`, { page }, body));

/** axe in both themes. */
async function cleanInBoth(name) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((t) => { document.documentElement.dataset.theme = t; }, theme);
    await clean(page, `${name}, ${theme}`);
  }
}

part('a room is found by its number, held and let go by the keyboard', async () => {
  const { flagged } = server.seeded;
  await by('wall-figures').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('nonsense');
  await page.keyboard.press('Enter');
  await page.getByText('A number is like').waitFor();
  await by('wall-find').fill(flagged.toLowerCase());
  await page.keyboard.press('Enter');
  await by('kept-chosen').waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), /Eriksson/);
  await cleanInBoth('retention');
  await by('kept-reason').focus();
  await by('kept-reason').selectOption('litigation');
  await by('kept-place').focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="kept-chosen"][data-held="true"]').waitFor();
  await by('kept-held').focus();
  await page.keyboard.press('Enter');
  await row(flagged).waitFor();
  assert.match(await row(flagged).innerText(), /Litigation/);
  await row(flagged).getByRole('button').focus();
  await page.keyboard.press('Enter');
  await cleanInBoth('held');
  await by('kept-lift').focus();
  await page.keyboard.press('Enter');
  await by('kept-lift-now').focus();
  await page.keyboard.press('Enter');
  await row(flagged).waitFor({ state: 'detached' });
  await by('kept-due').click();
  await row(flagged).waitFor();
  const custody = await page.evaluate((id) => fetch(`/api/audit/rooms/${id}/custody.jsonl?reason=incident`).then((r) => r.text()), flagged);
  for (const type of ['held', 'released']) assert.ok(custody.includes(`"type":"${type}"`), `${type} is in custody`);
});

part('what was erased has its tombstone', async () => {
  const { due } = server.seeded;
  const erase = (id) => fetch(`/api/operate/rooms/${id}/purge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"classes":["record"],"reason":"request"}' }).then((r) => r.status);
  assert.equal(await page.evaluate(erase, due), 200);
  await page.waitForFunction((id) => fetch('/api/operate/keeping?part=purged').then((r) => r.json()).then((list) => list.rooms.some((each) => each.room === id)), due);
  await by('kept-purged').click();
  await row(due).getByRole('button').click();
  await by('kept-tombstones').waitFor();
  assert.match(await by('kept-tombstones').innerText(), /Recordings, Pictures, Documents, Record[\s\S]*Asked for by the person, operator:operator-1/);
});

part('a call whose recorder fails and a full spool are alarms', async () => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.route('**/api/operate/wall', async (route) => {
    const now = await (await route.fetch()).json();
    now.spool = { ...now.spool, alarm: 'filling', bytes: 19e9, limit: 20e9, behind: 900 };
    now.calls = [{ room: 'R-7Q2M4T1A', state: 'live', since: now.now, manager: 'manager-1', step: 2, steps: 8, coverage: 612, floor: 900, kbps: 0, returning: '', failing: 'disk_full', test: false, figures: true }];
    await route.fulfill({ json: now });
  });
  await page.goto(`${server.url}/operate`);
  await by('wall-spool').waitFor();
  await by('wall-alarm').getByText('The disk is full.').waitFor();
  await cleanInBoth('alarms');
  await fits(page, 'alarms');
  await page.unrouteAll({ behavior: 'wait' });
  await page.setViewportSize(DESK.viewport);
});

part('account managers are listed', async () => {
  await page.goto(`${server.url}/operate/managers`);
  await by('manager-row').first().waitFor();
  assert.equal(await by('manager-row').count(), 3);
  await cleanInBoth('managers');
});

part('from right to left and at 200 % nothing scrolls sideways', () => fitsBothWays(page, {
  [`${server.url}/operate`]: 'wall-figures',
  [`${server.url}/operate/managers`]: 'manager-row',
  [`${server.url}/operate/profiles`]: 'profile',
  [`${server.url}/operate/retention`]: 'kept-due',
}));

part('a node is drained after one question', async () => {
  await page.goto(`${server.url}/operate`);
  await by('wall-drain').click();
  await cleanInBoth('drain');
  await page.keyboard.press('Escape');
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  await by('wall-drain').click();
  await by('wall-drain-now').click();
  await page.locator('.side-node').getByText('Draining').waitFor();
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
  await cleanInBoth('wall');
  assert.deepEqual(page.complaints, []);
});
