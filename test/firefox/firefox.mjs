// Firefox, driven by its own remote protocol (Marionette): JSON over TCP, so no driver has
// to be brought. Its camera and microphone are the ones it makes up for tests.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../product/server.mjs';

/** Path of the program, '' where there is none. */
export const FIREFOX = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => path && existsSync(path)) ?? '';

const prefs = (port) => ({
  'marionette.port': port,
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'intl.accept_languages': 'en-GB',
});

/** Starts it without a window, on a profile of its own. */
export async function startFirefox() {
  const profile = await mkdtemp(join(tmpdir(), 'verifycall-firefox-'));
  const [port] = await freePorts(1);
  await writeFile(join(profile, 'user.js'), Object.entries(prefs(port)).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
  const child = spawn(FIREFOX, ['--headless', '--marionette', '--no-remote', '--profile', profile, '--width', '412', '--height', '915'], { stdio: 'ignore', env: { ...process.env, HOME: profile } });
  const firefox = new Firefox(child, profile, port);
  try {
    await firefox.connect();
  } catch (err) {
    await firefox.close();
    throw err;
  }
  return firefox;
}

class Firefox {
  constructor(child, profile, port) {
    Object.assign(this, { child, profile, port, last: 0, waiting: new Map(), rest: Buffer.alloc(0) });
    this.ended = new Promise((done) => { child.on('exit', done); });
  }

  async connect() {
    for (let tries = 0; ; tries++) {
      try {
        this.socket = await dial(this.port);
        break;
      } catch (err) {
        if (tries === 300 || this.child.exitCode !== null) throw err;
        await new Promise((done) => { setTimeout(done, 200); });
      }
    }
    this.socket.on('data', (bytes) => this.#read(bytes));
    await this.command('WebDriver:NewSession', { capabilities: { alwaysMatch: { acceptInsecureCerts: false } } });
    await this.command('WebDriver:SetTimeouts', { script: 60000, pageLoad: 60000 });
  }

  /** A command of the protocol; its answer is [1, id, error, value], its length in front. */
  command(name, params = {}) {
    const id = ++this.last;
    const text = JSON.stringify([0, id, name, params]);
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    return new Promise((resolve, reject) => { this.waiting.set(id, { resolve, reject }); });
  }

  #read(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      const colon = this.rest.indexOf(':');
      const size = Number(this.rest.subarray(0, colon));
      if (colon < 0 || this.rest.length < colon + 1 + size) return;
      const said = JSON.parse(this.rest.subarray(colon + 1, colon + 1 + size));
      this.rest = this.rest.subarray(colon + 1 + size);
      if (!Array.isArray(said)) continue; // its greeting
      const [, id, error, value] = said;
      const reply = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) reply?.reject(new Error(`${error.error}: ${error.message}`));
      else reply?.resolve(value);
    }
  }

  goto(url) {
    return this.command('WebDriver:Navigate', { url });
  }

  /** Runs a function in the page and gives its result. */
  async evaluate(body, ...args) {
    const script = `const [args, done] = arguments; Promise.resolve((${body})(...args)).then((value) => done({ value }), (err) => done({ err: String(err) }));`;
    const { value } = await this.command('WebDriver:ExecuteAsyncScript', { script, args: [args], newSandbox: false });
    if (value?.err) throw new Error(value.err);
    return value?.value;
  }

  /** Waits until a function of the page gives something true. */
  async until(what, body, ...args) {
    for (let tries = 0; tries < 225; tries++) {
      const got = await this.evaluate(body, ...args).catch(() => undefined); // a page in between
      if (got) return got;
      await new Promise((done) => { setTimeout(done, 200); });
    }
    throw new Error(`Firefox: never came true: ${what}; the page says: ${await this.evaluate(() => document.body.innerText).catch(String)}`);
  }

  /** Clicks what has a test id, as soon as it is there and open. */
  async click(id) {
    await this.until(id, (testid) => {
      const at = document.querySelector(`[data-testid="${testid}"]`);
      return at && at.getAttribute('aria-disabled') !== 'true';
    }, id);
    const { value } = await this.command('WebDriver:FindElement', { using: 'css selector', value: `[data-testid="${id}"]` });
    await this.command('WebDriver:ElementClick', { id: Object.values(value)[0] });
  }

  async close() {
    await Promise.race([this.socket && this.command('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => {}), new Promise((done) => { setTimeout(done, 3000); })]);
    this.socket?.destroy();
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const dial = (port) => new Promise((done, no) => {
  const socket = net.connect(port, '127.0.0.1', () => done(socket)).on('error', no);
});
