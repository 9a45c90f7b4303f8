// Real browsers play the recording of a ten-minute call whose clocks drifted: they
// seek to random places, and picture and sound have to be together there. What
// the measuring itself adds is taken from a file of the same beats by ffmpeg.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { access, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { ROOT } from '../specimen/film.mjs';
import { CHROMIUM, must } from '../specimen/tools.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const BOUND = 40; // ms
const places = Array.from({ length: 6 }, (_, i) => i * 100 + Math.random() * 90 + 0.5);

let folder;
let server;
let told; // resolved with what the page posts

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verifycall-playback-'));
  await must('go', ['test', '-count=1', '-run', 'TestPlaybackFile', './recorder'], { cwd: ROOT, env: { ...process.env, PLAYBACK_FILE: join(folder, 'call.webm') } });
  await must('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', "color=black:size=160x90:rate=25:duration=600,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.039)'",
    '-f', 'lavfi', '-i', "aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.04)':s=48000:d=600", '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '16', '-g', '50',
    '-b:v', '300k', '-c:a', 'libopus', '-application', 'lowdelay', join(folder, 'reference.webm')]);
  server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((done) => { server.on('listening', done); });
});

after(async () => {
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function answer(request, response) {
  const name = new URL(request.url, 'http://x').pathname.slice(1) || 'page.html';
  if (name === 'places') return response.end(JSON.stringify(places));
  if (name === 'results') {
    let text = '';
    for await (const part of request) text += part;
    response.end();
    return told(JSON.parse(text));
  }
  if (!/^[a-z]+\.(webm|js|html)$/.test(name)) return response.writeHead(404).end();
  const path = join(name.endsWith('.webm') ? folder : join(ROOT, 'test/playback'), name);
  const { size } = await stat(path);
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  const type = { webm: 'video/webm', js: 'text/javascript', html: 'text/html' }[name.split('.')[1]];
  response.writeHead(request.headers.range ? 206 : 200, { 'content-type': type, 'accept-ranges': 'bytes', 'content-length': last - Number(from) + 1,
    ...(request.headers.range && { 'content-range': `bytes ${from}-${last}/${size}` }) });
  createReadStream(path, { start: Number(from), end: last }).on('error', () => response.destroy()).pipe(response);
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/** Waits for what the page measured and compares it. */
async function judge(name, posted) {
  const { results, fault } = await posted;
  assert.equal(fault, undefined);
  const zero = median(results['reference.webm'].flatMap(({ apart }) => apart));
  const apart = results['call.webm'].map((each) => ({ at: Math.round(each.at), ms: Math.round(median(each.apart) - zero), n: each.apart.length, dropped: each.dropped }));
  console.log(JSON.stringify({ name: 'playback_apart_ms', on: name, zero: Math.round(zero), seeks: apart }));
  for (const { at, ms, n } of apart) {
    assert.ok(n >= 2, `${name}: ${n} beats seen and heard from ${at} s on`);
    assert.ok(Math.abs(ms) <= BOUND, `${name}: from ${at} s on picture and sound are ${ms} ms apart`);
  }
}

/** A sound device of no sound, as Firefox plays nothing without one; undefined where PulseAudio isn't installed. */
async function soundDevice() {
  const socket = join(folder, 'sound');
  const args = ['--daemonize=no', '--exit-idle-time=-1', '-n', '-L', 'module-null-sink', '-L', `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
  const child = spawn('pulseaudio', args, { stdio: 'ignore', env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder } });
  const ended = new Promise((done) => { child.on('error', done).on('exit', done); });
  let over = false;
  void ended.then(() => { over = true; });
  while (!over && await access(socket).then(() => false, () => true)) await new Promise((done) => { setTimeout(done, 100); });
  return over ? undefined : { server: `unix:${socket}`, async stop() { child.kill(); await ended; } };
}

const posted = () => new Promise((done) => { told = done; });

test('Chromium', { timeout: 600000 }, async () => {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });
  try {
    const results = posted();
    await (await browser.newPage()).goto(`http://127.0.0.1:${server.address().port}/`);
    await judge('Chromium', results);
  } finally {
    await browser.close();
  }
});

test('Firefox', { timeout: 600000 }, async (t) => {
  if (await access(FIREFOX).then(() => false, () => true)) return t.skip(`NOT CHECKED: no ${FIREFOX}; apt-get install firefox-esr, or say FIREFOX=`);
  const profile = join(folder, 'profile');
  await must('mkdir', ['-p', profile]);
  await writeFile(join(profile, 'user.js'), ['user_pref("media.autoplay.default", 0);', 'user_pref("media.autoplay.blocking_policy", 0);', 'user_pref("media.autoplay.block-webaudio", false);',
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);', 'user_pref("app.update.enabled", false);', 'user_pref("browser.shell.checkDefaultBrowser", false);'].join('\n'));
  const sound = await soundDevice();
  const results = posted();
  const firefox = spawn(FIREFOX, ['--headless', '--no-remote', '--profile', profile, `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore', env: { ...process.env, HOME: folder, ...(sound && { PULSE_SERVER: sound.server }) } });
  const ended = new Promise((done) => { firefox.on('exit', done); });
  try {
    const said = await Promise.race([results, ended.then((code) => ({ fault: `Firefox ended with ${code}` }))]);
    if (/sound doesn't run/.test(said.fault)) return t.skip(`NOT CHECKED: Firefox plays no sound here (${said.fault}); it needs a sound device, or pulseaudio`);
    await judge('Firefox', said);
  } finally {
    firefox.kill();
    await ended;
    await sound?.stop();
  }
});
