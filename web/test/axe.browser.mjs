// axe-core on the pages of a call (those without one are in test/product/pages.test.mjs), in
// a real call on the demo server: `npm run axe`, after the pages were built. It
// needs what the product tests need: VERIFYCALL or go, Chromium, ffmpeg.
import test, { after, before } from 'node:test';
import { clean } from '../../test/product/axe.mjs';
import { context, DESK, launch, open, PHONE, playing } from '../../test/product/browser.mjs';
import { start } from '../../test/product/server.mjs';
import * as step from '../../test/product/steps.mjs';
import { cardFilm, faceFilm } from '../../test/specimen/film.mjs';

let server;
let hand;
let desk;

before(async () => {
  server = await start();
  [hand, desk] = await Promise.all([launch(await cardFilm(360)), launch(await faceFilm(360))]);
});

after(async () => {
  await Promise.all([hand?.close(), desk?.close()]);
  await server?.stop();
  await server?.remove();
});

test('a call, its verdict and its review', async () => {
  const manager = await open(await context(desk, DESK));
  await step.signIn(manager, server.lines.manager, '/manager');
  await manager.getByTestId('manager-open-console').waitFor();
  await clean(manager, 'agenda');
  await manager.getByTestId('manager-new-room').click();
  await clean(manager, 'new room');
  await manager.keyboard.press('Escape');
  await manager.locator('[data-testid="manager-new-room"]:focus').waitFor(); // a closed dialog gives the focus back
  const it = await step.makeRoom(manager);
  await step.openConsole(manager);
  await manager.getByTestId('manager-agree').waitFor();
  await clean(manager, 'notice to the manager');
  await step.managerJoins(manager);

  const seller = await open(await context(hand, PHONE));
  await seller.goto(it.link);
  await seller.getByTestId('seller-continue').waitFor();
  await clean(seller, 'what will happen');
  await seller.getByTestId('seller-continue').click();
  await playing(seller, 'seller-preview');
  await clean(seller, 'test of the camera');
  await seller.getByTestId('seller-camera-ok').click();
  await seller.getByTestId('seller-agree').waitFor();
  await clean(seller, 'notice');
  await seller.getByTestId('seller-agree').click();
  await seller.getByTestId('seller-waiting').waitFor();
  await clean(seller, 'waiting room');

  await step.admit(manager, seller);
  await step.capture(manager, 'DOC_FRONT');
  await clean(seller, 'call');
  await clean(manager, 'console, document');
  for (const tab of ['face', 'fields']) {
    await manager.getByTestId(`manager-tab-${tab}`).click();
    await clean(manager, `console, ${tab}`);
  }
  await step.end(manager, seller);
  await manager.getByTestId('manager-verdict').click();
  await manager.getByTestId('verdict-fail').click();
  await clean(manager, 'verdict');
  await manager.keyboard.press('Escape');
  await manager.getByTestId('verdict-fail').waitFor({ state: 'detached' });
  await step.decideAs(manager, 'refer', ['Q_GLARE']);
  await clean(manager, 'sealed');
  await seller.getByTestId('seller-result').waitFor();
  await clean(seller, 'result');

  const auditor = await open(await context(desk, DESK));
  await step.signIn(auditor, server.lines.auditor, '/audit');
  await auditor.getByTestId('audit-view-all').click();
  await auditor.getByTestId('audit-row').waitFor();
  await clean(auditor, 'worklist');
  await step.openReview(auditor, it.room);
  for (const tab of ['plan', 'timeline', 'fields', 'documents', 'notes', 'facts', 'access']) {
    await auditor.getByTestId(`audit-tab-${tab}`).click();
    await clean(auditor, `review, ${tab}`);
  }
});
