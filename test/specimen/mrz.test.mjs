import assert from 'node:assert/strict';
import test from 'node:test';
import { byPosition, checkDigit, SPECIMEN, td2, wrongDigit } from './mrz.mjs';

test('the example of ICAO 9303 part 6 has its check digits', () => {
  const [one, two] = td2({ ...SPECIMEN, expiry: '120415' });
  assert.equal(one, 'I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<');
  assert.equal(two, 'D231458907UTO7408122F1204159<<<<<<<6');
  assert.equal(checkDigit('520727'), '3'); // example of part 3, appendix A
});

test('a wrong character anywhere in a checked field is named', () => {
  const [, line] = td2(SPECIMEN);
  assert.equal(wrongDigit(line), null);
  for (const i of [0, 3, 9, 14, 19, 22, 27, 35]) {
    const other = line[i] === '1' ? '2' : '1';
    assert.notEqual(wrongDigit(line.slice(0, i) + other + line.slice(i + 1)), null, `position ${i}`);
  }
  assert.notEqual(wrongDigit(line.slice(1)), null);
});

test('letters and digits are told apart by position, and nothing else is repaired', () => {
  const [, line] = td2(SPECIMEN);
  assert.equal(byPosition('0' + line.slice(1, 8) + 'O' + line.slice(9, 12) + '0' + line.slice(13)),
    'O' + line.slice(1, 8) + '0' + line.slice(9));
  assert.equal(byPosition('D231458987' + line.slice(10)).slice(0, 10), 'D231458987');
});
