import assert from 'node:assert/strict';
import test from 'node:test';
import './browser.mjs';
import { near } from '../src/seller/soon.ts';
import { speak } from '../src/shared/i18n.ts';
import { bytes, city, clock, day, dayOfWeek, place, serverNow, setClock, span, term, utcOffset } from '../src/shared/times.ts';

const at = '2026-11-26T15:30:00Z';

test('a time has its place and offset', () => {
  assert.equal(clock(at, 'Europe/Berlin'), '16:30');
  assert.equal(clock('2026-11-26T23:05:00Z', 'Europe/Berlin'), '00:05');
  assert.equal(day(at, 'Europe/Berlin'), '26 November 2026');
  assert.equal(place(at, 'America/Toronto'), 'Toronto (UTC−5)');
  assert.equal(place(at, 'Asia/Kolkata'), 'Kolkata (UTC+5:30)');
  assert.equal(place(at, 'UTC'), 'UTC');
  assert.equal(utcOffset('2026-07-26T15:30:00Z', 'America/Toronto'), 'UTC−4');
  assert.equal(city('America/Argentina/Buenos_Aires'), 'Buenos Aires');
});

test('a zone that the browser does not know is shown in UTC', () => {
  assert.equal(clock(at, 'Mars/Olympus'), '15:30');
  assert.equal(place(at, ''), 'UTC');
});

test('lengths of time never go below zero', () => {
  assert.deepEqual([span(-1), span(0), span(59_999), span(192_000), span(3_760_000)], ['0:00', '0:00', '0:59', '3:12', '1:02:40']);
});

test('bytes keep two figures', () => {
  assert.deepEqual([0, 999, 54_321, 1_600_000, 9_949_999, 18_700_000, 2_300_000_000].map(bytes), ['0 byte', '999 byte', '54 kB', '1.6 MB', '9.9 MB', '19 MB', '2.3 GB']);
});

test('a term is told in the largest unit that it fills', () => {
  const told = { 1826: '5 years', 365: '1 year', 366: '1 year', 183: '6 months', 90: '90 days', 30: '30 days', 1: '1 day', 400: '400 days', 1000: '1,000 days' };
  for (const [days, words] of Object.entries(told)) assert.equal(term(Number(days)), words, days);
});

test('the present is the server\'s, however wrong the device\'s clock is', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse(at) });
  assert.equal(serverNow(), Date.parse(at), 'before the server said its time');
  const said = { now: '2026-11-26T16:30:00.25Z' };
  assert.equal(setClock(said), said);
  assert.equal(serverNow(), Date.parse(said.now));
  assert.ok(near('2026-11-26T16:45:00Z', serverNow()));
  assert.ok(!near('2026-11-26T16:46:00Z', serverNow()));
  t.mock.timers.tick(60_000);
  assert.equal(serverNow(), Date.parse(said.now) + 60_000);
  setClock({ now: '2026-11-26T16:31:00.9Z' }); // the way took longer
  setClock({}); // a server of before
  assert.equal(serverNow(), Date.parse(said.now) + 60_000);
  setClock({ now: '2026-11-26T16:30:41.25Z' }); // stood in a line for 20 s
  assert.equal(serverNow(), Date.parse(said.now) + 60_000);
  setClock({ now: '2026-11-26T16:31:00.25Z' }); // as before
  setClock({ now: '2026-11-26T16:30:41.25Z' });
  setClock({ now: '2026-11-26T16:30:41.35Z' }); // the server's clock was set
  assert.equal(serverNow(), Date.parse('2026-11-26T16:30:41.35Z'));
});

test('a day without its year, in four languages', async (t) => {
  globalThis.document = { title: '', documentElement: {} };
  t.after(() => speak('en'));
  const written = { en: /^Thursday,? 26 November$/, de: /^Donnerstag, 26\. November$/, es: /^jueves, 26 de noviembre$/, zh: /^11月26日星期四$/ };
  for (const [tag, words] of Object.entries(written)) {
    await speak(tag);
    assert.match(dayOfWeek(at, 'Europe/Berlin'), words);
  }
});
