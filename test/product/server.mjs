// The built program, started with --demo in a folder of its own on free ports of
// the loopback interface.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../specimen/film.mjs';
import { must } from '../specimen/tools.mjs';

/** Path of the program: VERIFYCALL, or built for this run. */
export async function program() {
  if (process.env.VERIFYCALL) return process.env.VERIFYCALL;
  const path = join(ROOT, '.cache/verifycall');
  await must('go', ['build', '-o', path, './cmd/verifycall'], { cwd: ROOT });
  return path;
}

/** Starts the program; the answer is a Server. */
export async function start(...more) {
  const folder = await mkdtemp(join(tmpdir(), 'verifycall-test-'));
  const server = new Server(await program(), folder, await freePorts(3), more);
  await server.start();
  return server;
}

/** Starts the program with settings that say where it listens, and where its pages are. */
export async function startAt(url, ...settings) {
  const folder = await mkdtemp(join(tmpdir(), 'verifycall-test-'));
  const server = new Server(await program(), folder, await freePorts(3), settings);
  server.url = url;
  await server.start();
  return server;
}

/** Starts the program on decided rooms of some weeks, made by test/seed; seeded says which ones there are. */
export async function startSeeded(rooms = 40) {
  const folder = await mkdtemp(join(tmpdir(), 'verifycall-test-'));
  const made = await must('go', ['run', './test/seed', '-data', join(folder, 'data'), '-keys', join(folder, 'keys'), '-rooms', String(rooms)], { cwd: ROOT });
  const server = new Server(await program(), folder, await freePorts(3), []);
  server.seeded = JSON.parse(made);
  await server.start();
  return server;
}

export class Server {
  constructor(path, folder, ports, more) {
    Object.assign(this, { path, folder, ports, more, log: '' });
    this.url = `http://127.0.0.1:${ports[0]}`;
    this.data = join(folder, 'data');
  }

  /** Runs until the demo's lines are there and /healthz answers. */
  async start() {
    const [pages, media, ops] = this.ports.map((p) => `127.0.0.1:${p}`);
    this.process = spawn(this.path, ['serve', '--demo', '--listen', pages, '--media-listen', media, '--ops-listen', ops,
      '--data', this.data, '--keys', join(this.folder, 'keys'), ...this.more], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(this.folder, 'server.log'), { flags: 'a' });
    this.process.stderr.on('data', (d) => {
      this.log += d;
      log.write(d);
    });
    this.ended = new Promise((done) => { this.process.on('exit', (code, signal) => done(code ?? signal)); });
    this.lines = {};
    const lines = createInterface({ input: this.process.stdout });
    const printed = new Promise((done) => {
      lines.on('line', (line) => {
        const [name, ...rest] = line.trim().split(/\s+/);
        if (rest.length > 0) this.lines[name] = rest.at(-1);
        if (['manager', 'auditor', 'seller', 'apikey'].every((n) => this.lines[n])) done();
      });
    });
    await this.#before(printed, 'the lines of --demo');
    await this.#before(this.#healthy(), '/healthz');
  }

  async #healthy() {
    for (;;) {
      const ok = await fetch(`${this.url}/healthz`).then((r) => r.ok, () => false);
      if (ok) return;
      await pause(50);
    }
  }

  #before(promise, what) {
    const fail = (why) => { throw new Error(`${what}: ${why}\n${this.log}`); };
    let timer;
    const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error(`${what}: not within 30 s\n${this.log}`)), 30000); });
    return Promise.race([promise, this.ended.then((c) => fail(`the program ended with ${c}`)), late]).finally(() => clearTimeout(timer));
  }

  /** Asks the program to end (SIGTERM) and gives its code. */
  async stop() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  /** Ends it at once, as a power cut would. */
  async kill() {
    this.process.kill('SIGKILL');
    return this.ended;
  }

  async remove() {
    if (!process.env.VERIFYCALL_KEEP) await rm(this.folder, { recursive: true, force: true });
  }

  /** GET of the REST API with the demo's key. */
  api(path, options = {}) {
    return fetch(this.url + path, { ...options, headers: { authorization: `Bearer ${this.lines.apikey}`, 'content-type': 'application/json', ...options.headers } });
  }

  /** A room by the API, with what is wished of it: its id and its links. */
  async room(wish = {}) {
    const got = await this.api('/api/v1/rooms', { method: 'POST', body: JSON.stringify({
      seller: { name: 'Anna Maria Eriksson', mail: 'anna@example.com' }, language: 'en', zone: 'America/Toronto',
      application: { surname: 'ERIKSSON', given_names: 'ANNA MARIA', birth_date: '1974-08-12', document_number: 'D23145890' }, ...wish,
    }) });
    if (got.status !== 201) throw new Error(`no room: ${got.status} ${await got.text()}`);
    return got.json();
  }

  /** Sum of bytes and number of files of the recorder, anywhere under --data but for keys, which a room has before anything is recorded. */
  async recorded() {
    const files = [];
    for (const entry of await readdir(this.data, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const inside = path.slice(this.data.length);
      if (entry.isFile() && /scratch|recording/.test(inside) && !inside.startsWith('/store/keys/')) files.push(path);
    }
    const sizes = await Promise.all(files.map(async (f) => (await stat(f)).size));
    return { files, bytes: sizes.reduce((a, b) => a + b, 0) };
  }
}

export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * Free ports of the loopback interface, below those that the kernel gives to who
 * asks for any: nobody's connection takes one before the program listens on it.
 */
export async function freePorts(n) {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768');
  const highest = Math.max(parseInt(range, 10), 13000);
  const found = new Set();
  for (let tries = 0; found.size < n && tries < 100 * n; tries++) {
    const port = randomInt(12000, highest);
    if (await isFree(port)) found.add(port);
  }
  if (found.size < n) throw new Error('no free ports on the loopback interface');
  return [...found];
}

const isFree = (port) => new Promise((done) => {
  const server = net.createServer().on('error', () => done(false)).listen(port, () => server.close(() => done(true)));
});
