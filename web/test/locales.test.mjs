import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { differences, flat, localeFaults } from '../locales.ts';
import { stretch } from '../src/shared/pseudo.ts';

const english = flat({ a: 'Hello {{name}}', b: { n_one: '{{count}} day', n_other: '{{count}} days' }, c: 'Open <b>it</b>', d: '' });

test('what a language lacks is named', () => {
  assert.deepEqual(differences('de', english, english), []);
  assert.deepEqual(differences('de', english, flat({ a: 'Hallo {{name}}', c: '<b>Auf</b>', d: '' })), ['b.n_one is missing', 'b.n_other is missing']);
  const wrong = flat({ a: 'Hallo', b: { n_one: 'ein Tag', n_other: '{{count}} Tage' }, c: 'Auf', d: 'x', e: 'zu viel' });
  assert.deepEqual(differences('de', english, wrong).map((fault) => fault.split(' ')[0]), ['e', 'a', 'c', 'd']);
});

test('a language without a singular needs none', () => {
  const chinese = flat({ a: '你好 {{name}}', b: { n_other: '{{count}} 天' }, c: '打开<b>它</b>', d: '' });
  assert.deepEqual(differences('zh', english, chinese), []);
});

test('a missing file is all of its texts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'locales-'));
  mkdirSync(join(folder, 'en'));
  writeFileSync(join(folder, 'en/seller.json'), '{"hello":"Hello"}');
  writeFileSync(join(folder, 'en/manager.json'), '{"day":"Day"}');
  assert.deepEqual(localeFaults(folder).sort(), ['de/manager.json: day is missing', 'de/seller.json: hello is missing', 'es/seller.json: hello is missing', 'zh/seller.json: hello is missing']);
});

test('the pseudo-locale keeps places and marks and grows', () => {
  const { a, b } = stretch({ a: 'Call <b>{{name}}</b>', b: { c: 'one|two' } });
  assert.match(a, /<b>\{\{name\}\}<\/b>/);
  assert.ok(a.length > 'Call <b>{{name}}</b>'.length);
  assert.equal(b.c.split('|').length, 2);
});
