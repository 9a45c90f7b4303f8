import assert from 'node:assert/strict';
import test from 'node:test';
import { day, filed, likeness, normalised, transliterate } from '../src/manager/compare/fields.ts';

test('what was filed for each field', () => {
  const application = { surname: 'ERIKSSON', given_names: 'ANNA MARIA', birth_date: '1974-08-12', document_number: 'D23145890' };
  assert.deepEqual(['name', 'number', 'birth_date'].map((item) => filed(item, application)), ['ANNA MARIA ERIKSSON', 'D23145890', '1974-08-12']);
  assert.deepEqual(['name', 'number', 'birth_date'].map((item) => filed(item, { surname: 'Li' })), ['Li', '', '']);
});

for (const [item, stored, typed, want] of [
  ['name', 'Anna Maria Eriksson', '', 'empty'],
  ['name', 'Anna Maria Eriksson', '   ', 'empty'],
  ['name', 'Anna Maria Eriksson', ' Anna Maria Eriksson ', 'equal'],
  ['name', 'Anna Maria Eriksson', 'ERIKSSON, ANNA MARIA', 'near'],
  ['name', 'Jürgen Groß', 'GROSS<<JUERGEN', 'near'],
  ['name', 'José Núñez', 'JOSE NUNEZ', 'near'],
  ['name', 'Łukasz Ørsted', 'LUKASZ OERSTED', 'near'],
  ['name', 'Anna Maria Eriksson', 'ANNA ERIKSSON', 'other'],
  ['name', '王秀英', '王 秀英', 'other'],
  ['name', '王秀英', '李四', 'other'],
  ['name', '王秀英', '王秀英', 'equal'],
  ['number', 'D23145890', 'd 2314-5890', 'near'],
  ['number', 'D23145890', 'D23145891', 'other'],
  ['number', '–', '·', 'other'],
  ['birth_date', '1974-08-12', '12 AUG 1974', 'near'],
  ['birth_date', '1974-08-12', '12.08.1974', 'near'],
  ['birth_date', '1974-08-12', '12 August 1974', 'near'],
  ['birth_date', '1974-08-12', '08.12.1974', 'other'],
  ['birth_date', '1974-08-12', '1974', 'other'],
]) test(`${item} ${JSON.stringify(typed)} beside ${JSON.stringify(stored)} is ${want}`, () => assert.equal(likeness(item, stored, typed), want));

test('names are written as in the machine-readable zone, composed or not', () => {
  assert.equal(transliterate('Åse Þóra'), 'AASE THORA');
  assert.equal(transliterate('u\u0308ber'), 'UEBER');
  assert.equal(transliterate('é'), 'E');
});

test('what is no date stays as it is', () => {
  assert.equal(day(' spring 1974 '), 'SPRING 1974');
  assert.equal(day('1974/8/2'), '1974-08-02');
});

const shown = (stretches) => stretches.map(({ text, same }) => (same ? text : `[${text}]`));

for (const [item, stored, typed, want] of [
  ['name', 'Anna Maria Eriksson', 'ERIKSSON, ANNA', [['ANNA', 'ERIKSSON', '[MARIA]'], ['ANNA', 'ERIKSSON']]],
  ['name', 'Jürgen Groß', 'JUERGEN GROSS', [['GROSS', 'JUERGEN'], ['GROSS', 'JUERGEN']]],
  ['name', 'Anna Anna', 'Anna', [['ANNA', '[ANNA]'], ['ANNA']]],
  ['number', 'D23145890', 'd 2314 5891', [['D2314589', '[0]'], ['D2314589', '[1]']]],
  ['number', 'AB12', 'A12', [['A', '[B]', '12'], ['A12']]],
  ['birth_date', '1974-08-12', '12.09.1974', [['1974-0', '[8]', '-12'], ['1974-0', '[9]', '-12']]],
]) test(`${item} ${stored} and ${typed}, written one way`, () => assert.deepEqual(normalised(item, stored, typed).map(shown), want));
