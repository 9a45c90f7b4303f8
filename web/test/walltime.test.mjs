import assert from 'node:assert/strict';
import test from 'node:test';
import { instantOf, wallOf } from '../src/shared/walltime.ts';

for (const [wall, zone, want] of [
  ['2026-11-26T16:30', 'Europe/Berlin', '2026-11-26T15:30:00.000Z'],
  ['2026-07-26T16:30', 'Europe/Berlin', '2026-07-26T14:30:00.000Z'],
  ['2026-11-26T10:30', 'America/Toronto', '2026-11-26T15:30:00.000Z'],
  ['2026-11-26T21:00', 'Asia/Kolkata', '2026-11-26T15:30:00.000Z'],
  ['2026-11-26T00:30', 'Pacific/Kiritimati', '2026-11-25T10:30:00.000Z'],
  ['2026-11-26T16:30', 'UTC', '2026-11-26T16:30:00.000Z'],
  ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'], // skipped: as far after the change
  ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'], // comes twice: the first
  ['2026-11-01T01:30', 'America/Toronto', '2026-11-01T05:30:00.000Z'],
]) test(`${wall} in ${zone}`, () => assert.equal(instantOf(wall, zone).toISOString(), want));

test('the way back, around both changes of the year', () => {
  for (const zone of ['Europe/Berlin', 'America/Toronto', 'Australia/Lord_Howe', 'UTC']) {
    for (const day of ['2026-03-29', '2026-10-25', '2026-11-01', '2026-04-05']) {
      for (let hour = 0; hour < 24; hour += 5) {
        const wall = `${day}T${String(hour).padStart(2, '0')}:45`;
        assert.equal(wallOf(instantOf(wall, zone), zone), wall, zone);
      }
    }
  }
});

test('what is no time is none', () => {
  for (const wall of ['', '2026-11-26', '12026-11-26T16:30', '2026-13-26T16:30']) {
    assert.equal(instantOf(wall, 'Europe/Berlin').getTime(), NaN, wall);
  }
});
