import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';
import './browser.mjs';

let wire; // the console's connection
let granted; // answers the browser's question for the camera

globalThis.MediaStream = class { getTracks() { return []; } };
globalThis.isSecureContext = true;
globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  constructor() { wire = this; }
  send() {}
  close() {}
};
Object.defineProperty(globalThis, 'navigator', {
  value: { languages: ['en'], mediaDevices: { getUserMedia: () => new Promise((grant) => { granted = grant; }) } }, configurable: true,
});
const { Session } = await import('../src/manager/console/session.ts');

const state = (word) => wire.onmessage({ data: JSON.stringify({ t: 'state', d: { room: { state: word }, you: { notice: 'agreed' }, chat: [] } }) });
const settled = () => new Promise((done) => { setImmediate(done); });

/** A camera as the browser hands it over. */
function camera() {
  const track = { stopped: false, stop() { this.stopped = true; } };
  return { track, getTracks: () => [track], getAudioTracks: () => [], getVideoTracks: () => [track] };
}

let session;
let begun; // streams that were published

beforeEach(() => {
  granted = undefined;
  begun = [];
  session = new Session('R-1');
  session.media.start = async (stream) => { begun.push(stream); };
  wire.onopen();
  state('live');
  assert.ok(granted, 'it asks for the camera');
});

test('a camera that the browser hands over in time is published, and closed with the call', async () => {
  const stream = camera();
  granted(stream);
  await settled();
  assert.deepEqual([begun.length, session.own.value === stream, stream.track.stopped], [1, true, false]);
  state('ended');
  assert.deepEqual([session.own.value, stream.track.stopped], [null, true]);
  session.close();
});

for (const [what, meanwhile] of Object.entries({
  'the console was left': () => session.close(),
  'the room ended': () => state('ended'),
  'another tab took over': () => { session.socket.status.value = 'replaced'; },
  'the server closed the room for the page': () => { session.socket.status.value = 'closed'; },
})) {
  test(`a camera that comes after ${what} is closed at once`, async () => {
    meanwhile();
    const stream = camera();
    granted(stream);
    await settled();
    assert.deepEqual([begun.length, session.own.value, stream.track.stopped], [0, null, true]);
    session.close();
  });
}
