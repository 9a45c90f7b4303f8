// The instant queue, by clicking: a seller who is called at once, one who waits, leaves for a while and comes back, and the
// account manager whose desk it is.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { faceFilm } from '../specimen/film.mjs';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, PHONE, picturing, playing } from './browser.mjs';
import { fitsPhone } from './fits.mjs';
import { start } from './server.mjs';
import * as step from './steps.mjs';

const SMALL = { ...PHONE, viewport: { width: 360, height: 740 } };
let server;
let browser;
const pages = {};

before(async () => {
  server = await start();
  browser = await launch(await faceFilm(360));
  pages.manager = await open(await context(browser, DESK));
  pages.first = await open(await context(browser, SMALL));
  pages.second = await open(await context(browser, SMALL));
});

after(async () => {
  await browser?.close();
  await server?.kill();
  await server?.remove();
});

/** A room whose seller chooses when. */
const invited = (name) => server.room({ book: true, seller: { name }, application: { surname: name } });

test('a queue from both sides', () => picturing('queue', pages, async () => {
  const { manager, first, second } = pages;
  const [one, two] = [await invited('Anna Maria Eriksson'), await invited('Li Lei')];
  await step.signIn(manager, server.lines.manager, '/manager');
  await second.goto(two.sellerLink);
  await second.getByTestId('booking-slot').first().waitFor();
  assert.equal(await second.getByTestId('queue-offer').count(), 0, 'nobody is there, nothing is offered');

  await step.desk(manager, 'online');
  await clean(manager, 'the agenda with desk and queue');

  // The first is called at once.
  await first.goto(one.sellerLink);
  await first.getByTestId('queue-offer').click();
  await first.getByTestId('queue-ready').waitFor();
  await clean(first, 'whose turn it is');
  const turn = manager.getByTestId('desk-turn');
  await turn.waitFor();
  assert.equal(await turn.getAttribute('data-room'), one.id);

  // The second waits, sees the own picture, and keeps the place while away.
  await second.reload();
  await second.getByTestId('queue-offer').click();
  const place = second.getByTestId('queue-place');
  await place.waitFor();
  assert.equal(await place.getAttribute('data-place'), '1');
  assert.match(await second.getByTestId('queue-wait').innerText(), /^About \d+ min$/);
  await playing(second, 'queue-preview');
  await clean(second, 'the place in the queue');
  await fitsPhone(second, 'the place in the queue', 'queue-place');
  await manager.getByTestId('queue-row').waitFor();
  await second.getByTestId('queue-away').click();
  await second.getByTestId('queue-kept').waitFor();
  await clean(second, 'a place that is kept');
  assert.match(await second.locator('h1').innerText(), /until \d\d:\d\d$/);

  // A page that was closed comes back to its place by itself.
  await second.goto('about:blank');
  await second.goto(two.sellerLink);
  await place.waitFor();

  // The first comes by the test of the camera, the manager finds the room.
  await first.getByTestId('queue-go').click();
  await playing(first, 'seller-preview');
  await manager.getByTestId('manager-open-console').click();
  await manager.getByTestId('manager-agree').waitFor();

  // It is called off, and the next one is called; the manager learns it in the console.
  await manager.goto(`${server.url}/manager`);
  await manager.getByTestId('manager-cancel').click();
  await manager.getByTestId('manager-cancel-confirm').click();
  await second.getByTestId('queue-ready').waitFor();
  await manager.locator(`[data-testid="desk-turn"][data-room="${two.id}"]`).waitFor();
  for (const page of Object.values(pages)) assert.deepEqual(page.complaints, []);
}));
