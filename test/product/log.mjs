// The server's log, line by line.
import assert from 'node:assert/strict';

/** Lines of --log-format text as { text, level, msg, room }. */
export function parse(log) {
  return log.split('\n').filter(Boolean).map((text) => {
    const value = (key) => {
      const found = new RegExp(`(?:^| )${key}=("(?:[^"\\\\]|\\\\.)*"|[^ ]*)`).exec(text)?.[1];
      return found?.startsWith('"') ? JSON.parse(found) : found;
    };
    const line = { text, level: value('level'), msg: value('msg'), room: value('room') };
    assert.ok(/^time=\d{4}-\d\d-\d\dT/.test(text) && line.level && line.msg, `no line of the log: ${text}`);
    return line;
  });
}

/** No line holds one of the values, as it is or as it stands in a URL, in upper or lower case. */
export function assertNothingOf(lines, values) {
  for (const value of values) {
    assert.ok(value?.length >= 4, `"${value}" would be found anywhere`);
    for (const form of [value, encodeURIComponent(value)]) {
      const found = lines.filter(({ text }) => text.toLowerCase().includes(form.toLowerCase()));
      assert.deepEqual(found.map(({ text }) => text.replaceAll(value, '…')), [], 'a personal value or a secret is in the log');
    }
  }
}

// What is logged of the server itself or of an account, once it listens.
const NO_ROOM = /^(stopping|session revoked|passkey (added|removed))$/;

/** Every line of a call names its room. Gives the number of those of this one at Info or above. */
export function assertTells(lines, room) {
  const from = lines.findIndex(({ msg }) => msg === 'listening');
  assert.ok(from >= 0, 'the log says that it listens');
  const nameless = lines.slice(from + 1).filter((line) => !/^R-[0-9A-HJKMNP-TV-Z]{8}$/.test(line.room ?? '') && !NO_ROOM.test(line.msg));
  assert.deepEqual(nameless.map(({ text }) => text), [], 'lines without a room');
  const misplaced = lines.filter((line) => line.text.includes(room) && line.room !== room);
  assert.deepEqual(misplaced.map(({ text }) => text), [], 'the room is named, but not as room=');
  const call = lines.filter((line) => line.room === room && line.level !== 'DEBUG');
  for (const msg of ['room made', 'notice', 'joined', 'media connected', 'recording begun', 'captured', 'room state', 'record sealed']) {
    assert.ok(call.some((line) => line.msg === msg), `the log tells of "${msg}"`);
  }
  assert.ok(call.length <= 60, `${call.length} lines for one call:\n${call.map(({ text }) => text).join('\n')}`);
  return call.length;
}
