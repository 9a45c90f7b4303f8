import assert from 'node:assert/strict';
import test, { beforeEach, mock } from 'node:test';
import { listeners } from './browser.mjs';
import { CallSocket, ServerError } from '../src/shared/socket.ts';

let made; // every connection that was tried, in order
let refusal; // what a plain request to the path answers

class Wire {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  constructor(url) {
    this.url = url;
    made.push(this);
  }
  send(frame) { this.sent.push(JSON.parse(frame)); }
  close(code) { this.closed = code; }
  open() { this.readyState = 1; this.onopen(); }
  say(t, d, re) { this.onmessage({ data: JSON.stringify({ t, d, ...(re && { re }) }) }); }
  drop(code = 1006) { this.readyState = 3; this.onclose({ code }); }
}

mock.timers.enable({ apis: ['setTimeout', 'Date'] });
beforeEach(() => {
  made = [];
  refusal = null;
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  globalThis.WebSocket = Wire;
  globalThis.fetch = async () => refusal ?? Promise.reject(new TypeError('offline'));
});

const last = () => made.at(-1);
const settled = () => new Promise((done) => { setImmediate(done); });

/** A socket with an open connection and a state. */
function opened(handlers) {
  const socket = new CallSocket('/ws/seller', handlers);
  last().open();
  last().say('state', { room: { state: 'live' } });
  return socket;
}

test('it says hello with the tab\'s id, which outlives the connection', () => {
  opened();
  assert.equal(last().url, 'wss://calls.test/ws/seller');
  const [hello] = last().sent;
  assert.equal(hello.t, 'hello');
  assert.match(hello.d.tab, /^[0-9a-f]{32}$/);
  last().drop();
  mock.timers.tick(250);
  last().open();
  assert.deepEqual(last().sent[0], hello);
});

test('it comes back after 0.25, 0.5, 1 and then every 2 s, and at once after success', async () => {
  const socket = opened();
  last().drop();
  const waits = [];
  for (let i = 0; i < 6; i++) {
    assert.equal(socket.status.value, 'lost');
    const wait = socket.nextTry.value - Date.now();
    waits.push(wait);
    const before = made.length;
    mock.timers.tick(wait - 1);
    assert.equal(made.length, before, 'not before its time');
    mock.timers.tick(1);
    assert.equal(made.length, before + 1);
    last().drop(); // never opened
    await settled();
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 2000, 2000]);
  mock.timers.tick(2000);
  last().open();
  last().say('state', { room: { state: 'live' } });
  assert.equal(socket.status.value, 'open');
  last().drop();
  assert.equal(socket.nextTry.value - Date.now(), 250);
});

test('the network is back, or the person asks: it tries at once', () => {
  const socket = opened();
  last().drop();
  listeners.get('online')();
  assert.equal(made.length, 2);
  socket.retryNow();
  assert.equal(made.length, 2, 'one try at a time');
  mock.timers.tick(5000);
  assert.equal(made.length, 2, 'the wait that was cut short does not try again');
});

test('a goodbye, a refusal and a takeover are final', () => {
  for (const code of [1000, 1008, 1009, 4401, 4403, 4404, 4409, 4410]) {
    const socket = opened();
    last().drop(code);
    assert.equal(socket.status.value, 'closed', String(code));
  }
  const socket = opened();
  last().say('replaced', { by: 'device' });
  last().drop(4001);
  assert.deepEqual([socket.status.value, socket.replacedBy.value], ['replaced', 'device']);
  const tries = made.length;
  mock.timers.tick(60_000);
  assert.equal(made.length, tries);
  socket.reopen();
  assert.equal(made.length, tries + 1);
  assert.equal(socket.status.value, 'connecting');
});

test('a stopping server is waited for', () => {
  const socket = opened();
  last().say('bye', { cause: 'server_stopping' });
  last().drop(1000);
  assert.equal(socket.status.value, 'lost');
});

test('a refused upgrade is asked for its reason', async () => {
  refusal = new Response(JSON.stringify({ code: 'link_expired', detail: 'x', retryable: false }), { status: 410, headers: { 'Content-Type': 'application/problem+json' } });
  const socket = new CallSocket('/ws/seller');
  last().drop();
  await settled();
  await settled();
  assert.equal(socket.status.value, 'closed');
  assert.equal(socket.fault.value.code, 'link_expired');
});

test('answers find their requests; a refusal, a loss and silence each end one', async () => {
  const socket = opened();
  const wire = last();
  const [good, bad] = [socket.request('chat', { text: 'a' }), socket.request('chat', { text: 'b' })];
  const [, one, two] = wire.sent;
  wire.say('error', { code: 'too_many', message: 'slow', retryable: true }, two.id);
  wire.say('ok', {}, one.id);
  await good;
  await assert.rejects(bad, (cause) => cause instanceof ServerError && cause.code === 'too_many' && cause.retryable);
  const silent = socket.request('chat', { text: 'c' });
  mock.timers.tick(20_000);
  await assert.rejects(silent, { code: 'network' });
  const cut = socket.request('chat', { text: 'd' });
  wire.drop();
  await assert.rejects(cut, { code: 'network' });
  await assert.rejects(socket.request('chat', { text: 'e' }), { code: 'network' });
});

test('a late frame of an old connection changes nothing', () => {
  const socket = opened();
  const old = last();
  old.drop();
  mock.timers.tick(250);
  last().open();
  last().say('state', { room: { state: 'live' } });
  old.say('state', { room: { state: 'ended' } });
  old.drop(1000);
  assert.equal(socket.state.value.room.state, 'live');
  assert.equal(socket.status.value, 'open');
});

test('in sight again after a sleep: a server that answers is kept, one that is silent is left for a new connection', async () => {
  const socket = opened();
  const sleep = (ms) => {
    globalThis.document = { hidden: true };
    listeners.get('visibilitychange')();
    mock.timers.tick(ms);
    globalThis.document = { hidden: false };
    listeners.get('visibilitychange')();
  };
  sleep(4000);
  assert.equal(last().sent.length, 1, 'a short look away asks nothing');
  sleep(60000);
  const asked = last().sent.at(-1);
  assert.equal(asked.t, 'quality');
  last().say('ok', {}, asked.id);
  await settled();
  mock.timers.tick(3000);
  assert.equal(socket.status.value, 'open');
  assert.equal(made.length, 1);
  sleep(60000);
  mock.timers.tick(2500);
  assert.equal(socket.status.value, 'lost');
  mock.timers.tick(250);
  assert.equal(made.length, 2);
});

test('offline: a server that is silent is left at once, one that answers is kept', async () => {
  const socket = opened();
  listeners.get('offline')();
  last().say('ok', {}, last().sent.at(-1).id);
  await settled();
  mock.timers.tick(3000);
  assert.equal(socket.status.value, 'open');
  listeners.get('offline')();
  mock.timers.tick(2500);
  assert.equal(socket.status.value, 'lost');
});

test('a connection that is made and never answers is left for a new one', () => {
  opened();
  last().drop();
  mock.timers.tick(250);
  last().open();
  mock.timers.tick(20_000);
  mock.timers.tick(500);
  assert.equal(made.length, 3);
});
