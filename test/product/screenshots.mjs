// Pictures of each persona's main screens, from a real run: node screenshots.mjs FOLDER
import { join } from 'node:path';
import { cardFilm, faceFilm } from '../specimen/film.mjs';
import { context, DESK, launch, open, PHONE, playing } from './browser.mjs';
import { pause, start } from './server.mjs';
import * as step from './steps.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node screenshots.mjs FOLDER');
  process.exit(2);
}

const server = await start();
const [hand, desk] = await Promise.all([launch(await cardFilm(720)), launch(await faceFilm(360))]);
const shoot = async (page, name) => {
  await pause(700); // pictures have moved in
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(`${name}.png`);
};

try {
  await call();
} finally {
  await Promise.all([hand.close(), desk.close()]);
  await server.stop();
  await server.remove();
}

async function call() {
  const manager = await open(await context(desk, DESK));
  const seller = await open(await context(hand, { ...PHONE, deviceScaleFactor: 2 }));
  await step.signIn(manager, server.lines.manager, '/manager');
  const it = await step.makeRoom(manager);
  await manager.getByTestId('manager-link-close').click();
  await shoot(manager, 'manager-agenda');
  await manager.getByTestId('manager-open-console').first().click();
  await step.managerJoins(manager);
  await seller.goto(it.link);
  await seller.getByTestId('seller-continue').waitFor();
  await shoot(seller, 'seller-welcome');
  await seller.getByTestId('seller-continue').click();
  await playing(seller, 'seller-preview');
  await shoot(seller, 'seller-check');
  await seller.getByTestId('seller-camera-ok').click();
  await seller.getByTestId('seller-agree').waitFor();
  await shoot(seller, 'seller-consent');
  await seller.getByTestId('seller-agree').click();
  await seller.getByTestId('seller-waiting').waitFor();
  await shoot(seller, 'seller-waiting');
  await step.admit(manager, seller);
  await step.capture(manager, 'FACE');
  await step.chat(manager, seller);
  await step.capture(manager, 'DOC_FRONT');
  await shoot(seller, 'seller-call');
  await shoot(manager, 'manager-console');
  for (const slot of ['DOC_BACK', 'FACE_WITH_DOC']) await step.capture(manager, slot);
  await step.finishPlan(manager, seller);
  await step.compare(manager);
  await shoot(manager, 'manager-compare');
  await step.passOpens(manager);
  await step.end(manager, seller);
  await manager.getByTestId('manager-verdict').click();
  await manager.getByTestId('verdict-pass').click();
  await shoot(manager, 'manager-verdict');
  await manager.getByTestId('verdict-send').click();
  await manager.locator('[data-testid="manager-sealed"][data-digest]:not([data-digest=""])').waitFor();
  await seller.getByTestId('seller-result').waitFor();
  await shoot(seller, 'seller-result');
  const auditor = await open(await context(desk, DESK));
  await step.signIn(auditor, server.lines.auditor, '/audit');
  await step.findDecided(auditor, it.room);
  await shoot(auditor, 'audit-worklist');
  await step.openReview(auditor, it.room);
  await step.playInStep(auditor);
  await shoot(auditor, 'audit-review');
}
