// Staff sign-in without a demo's link: an invitation becomes a passkey, once, and
// the passkey signs in. Chromium's virtual authenticator stands for the device.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test, { after, before } from 'node:test';
import { must } from '../specimen/tools.mjs';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, picture, picturing } from './browser.mjs';
import { start } from './server.mjs';

let server;
let browser;
let site; // by the name that passkeys need
const links = {};

before(async () => {
  server = await start();
  site = server.url.replace('127.0.0.1', 'localhost');
  server.more = ['--public-url', site];
  // The embedded Redis takes one process at a time.
  assert.equal(await server.stop(), 0);
  const places = ['--data', server.data, '--keys', `${server.folder}/keys`, '--public-url', site];
  const invite = async (...words) => (await must(server.path, [...words, ...places], { cwd: server.folder })).toString().trim().split(' ').at(-1);
  links.operator = await invite('admin', 'invite', 'o1', 'Olga Brandt', 'Europe/Berlin');
  links.manager = await invite('invite', 'manager', 'm17', 'Maria König', 'Europe/Berlin');
  await server.start();
  browser = await launch(null);
});

after(async () => {
  await browser?.close();
  if (server) await server.kill();
  await server?.remove();
});

/** A page with a device that makes passkeys; device.id names it. */
async function desk(url, more = {}) {
  const page = await open(await context(browser, DESK, { camera: false }));
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const add = async (options = {}) => (await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal',
    hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...more, ...options } })).authenticatorId;
  const device = { cdp, add, id: await add() };
  if (url) await page.goto(url);
  return { page, device };
}

const text = (page, id) => page.getByTestId(id).innerText();

test('an invitation makes a passkey, which signs in again', async () => {
  const { page, device } = await desk(links.operator);
  await picturing('passkey', { page }, async () => {
    await page.getByTestId('signin-name').fill('Work laptop');
    await picture(page, 'invited');
    assert.match(await page.locator('h1').innerText(), /Olga Brandt/);
    await clean(page, 'invited');
    await page.getByTestId('signin-create').click();
    await page.waitForURL('**/operate');

    await page.goto(`${site}/account?role=operator`);
    assert.match(await text(page, 'account-key'), /Work laptop/);
    await picture(page, 'account');
    await clean(page, 'account');

    await page.goto(`${site}/operate`);
    await page.getByTestId('rail-person').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${site}/`);
    await page.goto(`${site}/operate`);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByTestId('signin-passkey').waitFor();
    await picture(page, 'signin');
    await page.getByTestId('signin-passkey').click();
    await page.waitForURL('**/operate');
    await page.getByTestId('rail-person').waitFor();

    // One that the device has, for an account that exists, but with another key.
    const { credentials: [real] } = await device.cdp.send('WebAuthn.getCredentials', { authenticatorId: device.id });
    const thief = await desk(`${site}/signin`);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await thief.device.cdp.send('WebAuthn.addCredential', { authenticatorId: thief.device.id, credential: { credentialId: real.credentialId,
      isResidentCredential: true, rpId: 'localhost', userHandle: real.userHandle, signCount: 99,
      privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') } });
    await thief.page.getByTestId('signin-passkey').click();
    assert.match(await text(thief.page, 'signin-hint'), /opens no account/);
    await picture(thief.page, 'wrong');
    assert.equal(await thief.page.evaluate(() => fetch('/api/account').then((r) => r.status)), 401);
    assert.deepEqual(thief.page.complaints, []);
    await thief.page.context().close();

    // The invitation is used up.
    const late = await desk(links.operator);
    await late.page.getByTestId('signin-refused').waitFor();
    await late.page.context().close();
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('of two who open an invitation one gets it; several passkeys and sessions, each can be ended', async () => {
  const one = await desk(links.manager);
  const two = await desk(links.manager);
  await picturing('passkeys', { one: one.page, two: two.page }, async () => {
    await two.page.getByTestId('signin-create').waitFor();
    await one.page.getByTestId('signin-create').click();
    await one.page.waitForURL('**/manager');
    await two.page.getByTestId('signin-create').click();
    await two.page.getByTestId('signin-refused').waitFor();
    assert.equal(await two.page.evaluate(() => fetch('/api/account').then((r) => r.status)), 401);

    // The same device makes no second one; another does.
    const page = one.page;
    await page.goto(`${site}/account?role=manager`);
    await page.getByTestId('account-add').click();
    await page.getByRole('alert').filter({ hasText: 'already' }).waitFor();
    const { credentials } = await one.device.cdp.send('WebAuthn.getCredentials', { authenticatorId: one.device.id });
    await one.device.cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: one.device.id });
    const second = await one.device.add();
    await page.getByTestId('account-name').fill('Phone');
    await page.getByTestId('account-add').click();
    await page.getByTestId('account-key').nth(1).waitFor();

    // The phone signs in elsewhere; that session is ended from here.
    const { credentials: [phone] } = await one.device.cdp.send('WebAuthn.getCredentials', { authenticatorId: second });
    const other = await desk(`${site}/signin`);
    await other.device.cdp.send('WebAuthn.addCredential', { authenticatorId: other.device.id, credential: { ...phone, signCount: phone.signCount + 1 } });
    await other.page.getByTestId('signin-passkey').click();
    await other.page.waitForURL('**/manager');
    await page.reload();
    const elsewhere = page.getByTestId('account-session').filter({ hasNotText: 'This browser' });
    await elsewhere.waitFor(); // exactly one
    await elsewhere.getByTestId('account-end').click();
    await page.getByTestId('account-confirm').click();
    await elsewhere.waitFor({ state: 'detached' });
    assert.equal(await other.page.evaluate(() => fetch('/api/account').then((r) => r.status)), 401);

    // A removed passkey opens nothing.
    const lost = page.getByTestId('account-key').filter({ hasNotText: 'Phone' });
    await lost.getByTestId('account-remove').click();
    await page.getByTestId('account-confirm').click();
    await lost.waitFor({ state: 'detached' });
    const finder = await desk(`${site}/signin`);
    await finder.device.cdp.send('WebAuthn.addCredential', { authenticatorId: finder.device.id, credential: { ...credentials[0], signCount: credentials[0].signCount + 9 } });
    await finder.page.getByTestId('signin-passkey').click();
    assert.match(await text(finder.page, 'signin-hint'), /opens no account/);
    for (const p of [page, two.page, other.page, finder.page]) assert.deepEqual(p.complaints, []);
    await Promise.all([other, finder].map((d) => d.page.context().close()));
  });
  await Promise.all([one, two].map((d) => d.page.context().close()));
});

test('a device that verifies nobody makes no passkey, and the page says that nothing is changed', async () => {
  const { page } = await desk(`${site}/signin`, { isUserVerified: false });
  await picturing('passkey-unverified', { page }, async () => {
    await page.getByTestId('signin-passkey').click();
    assert.match(await text(page, 'signin-hint'), /Nothing was changed/);
    await page.getByTestId('signin-passkey').waitFor();
  });
  await page.context().close();
});
