// What people do on the pages, click by click.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT } from '../specimen/film.mjs';
import { playing } from './browser.mjs';

/** What the seller of the specimen card filed. */
export const APPLICATION = {
  surname: 'ERIKSSON', given_names: 'ANNA MARIA', birth_date: '1974-08-12', document_type: 'id_card',
  document_number: 'D23145890', address: '12 Harbour Lane, Zenith', business: 'Harbour Ceramics',
};
export const DOCUMENTS = {
  id_front: join(ROOT, 'cmd/verifycall/demo/id-front.jpg'),
  id_back: join(ROOT, 'cmd/verifycall/demo/id-back.jpg'),
};
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
