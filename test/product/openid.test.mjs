// Staff sign in at a real OpenID Connect provider, in Chromium, and out again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { after, before } from 'node:test';
import { ROOT } from '../specimen/film.mjs';
import { must } from '../specimen/tools.mjs';
import { clean } from './axe.mjs';
import { context, DESK, launch, open, picture, picturing } from './browser.mjs';
import { start } from './server.mjs';

let server;
let browser;
let provider;
let site;

before(async () => {
  server = await start();
  assert.equal(await server.stop(), 0);
  site = server.url.replace('127.0.0.1', 'localhost');
  const program = join(server.folder, 'oidcserver');
  await must('go', ['build', '-o', program, '.'], { cwd: join(ROOT, 'test/oidcserver') });
  provider = spawn(program, [site], { stdio: ['ignore', 'pipe', 'ignore'] });
  const issuer = await new Promise((done) => { createInterface({ input: provider.stdout }).once('line', done); });
  const [secret, file] = ['secret', 'oidc.json'].map((name) => join(server.folder, name));
  await writeFile(secret, 'hush', { mode: 0o600 });
  await writeFile(file, JSON.stringify({ issuer, client_id: 'verifycall', client_secret_file: secret, label: 'Example Ltd', claim: 'groups',
    roles: [{ value: 'vc-operators', role: 'operator' }, { value: 'vc-managers', role: 'manager' }] }));
  server.more = ['--public-url', site, '--oidc', file];
  await server.start();
  browser = await launch(null);
});

after(async () => {
  await browser?.close();
  provider?.kill('SIGKILL');
  if (server) await server.kill();
  await server?.remove();
});

async function login(page, user) {
  await page.getByTestId('signin-openid').click();
  await page.locator('input[name=username]').fill(user);
  await page.locator('input[name=password]').fill('verysecure');
  await page.locator('button[type=submit], input[type=submit]').click();
}

test('the company\'s provider signs in, by role, and out', async () => {
  const page = await open(await context(browser, DESK, { camera: false }), `${site}/signin`);
  await picturing('openid', { page }, async () => {
    await page.getByTestId('signin-openid').waitFor();
    await clean(page, 'sign-in');
    await picture(page, 'openid');
    await login(page, 'id1');
    await page.waitForURL(`${site}/operate`);
    await page.getByTestId('rail-person').click();
    assert.match(await page.locator('.rail-menu').innerText(), /Olga Brandt/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${site}/signin`);
    assert.equal(await page.evaluate(() => fetch('/api/account').then((r) => r.status)), 401);
    assert.deepEqual(page.complaints, []);
  });
  await page.context().close();
});

test('somebody without a role is told so in words', async () => {
  const page = await open(await context(browser, DESK, { camera: false }), `${site}/signin`);
  await picturing('openid-no-role', { page }, async () => {
    await login(page, 'id3');
    await page.waitForURL(`${site}/signin?failed=no_role`);
    assert.match(await page.getByTestId('signin-failed').innerText(), /no role here/);
    await picture(page, 'openid-no-role');
    assert.equal(await page.evaluate(() => fetch('/api/account').then((r) => r.status)), 401);
  });
  await page.context().close();
});
