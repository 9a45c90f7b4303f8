// Machine-readable zone of size TD2 (two lines of 36), ICAO 9303 part 6 section 4.2.
// Check digits: ICAO 9303 part 3 section 4.9 (weights 7, 3, 1; modulo 10).

/** The person of the ICAO 9303 specimens, as drawn on both sides of the card. */
export const SPECIMEN = {
  type: 'I', state: 'UTO', surname: 'ERIKSSON', given: 'ANNA MARIA', number: 'D23145890',
  birth: '740812', sex: 'F', expiry: '310415', optional: '',
};

/** Check digit of a field, as one character. */
export function checkDigit(field) {
  const weights = [7, 3, 1];
  let sum = 0;
  [...field].forEach((c, i) => { sum += value(c) * weights[i % 3]; });
  return String(sum % 10);
}

function value(c) {
  if (c === '<') return 0;
  if (c >= '0' && c <= '9') return Number(c);
  if (c >= 'A' && c <= 'Z') return c.charCodeAt(0) - 55;
  throw new Error(`${c} is no character of a machine-readable zone`);
}

const fill = (s, n) => s.replaceAll(' ', '<').padEnd(n, '<').slice(0, n);

/** The two lines of a person's zone. */
export function td2(p) {
  const number = fill(p.number, 9) + checkDigit(fill(p.number, 9));
  const birth = p.birth + checkDigit(p.birth);
  const expiry = p.expiry + checkDigit(p.expiry);
  const optional = fill(p.optional, 7);
  const total = checkDigit(number + birth + expiry + optional);
  return [
    fill(fill(p.type, 2) + p.state + p.surname + '<<' + p.given, 36),
    number + p.state + birth + fill(p.sex, 1) + expiry + optional + total,
  ];
}

// What stands where in line 2: A letter or filler, 9 digit, * anything. A number of
// Utopia is one letter and eight digits.
const LINE2 = 'A99999999' + '9' + 'AAA' + '999999' + '9' + 'A' + '999999' + '9' + '*******' + '9';
const TO_DIGIT = { O: '0', Q: '0', D: '0', U: '0', I: '1', L: '1', Z: '2', A: '4', S: '5', G: '6', T: '7', B: '8' };
const TO_LETTER = { 0: 'O', 1: 'I', 2: 'Z', 5: 'S', 6: 'G', 8: 'B' };

/** Tells letters and digits of a line 2 as read apart by their position. */
export function byPosition(line) {
  return [...line].map((c, i) => {
    if (LINE2[i] === '9') return TO_DIGIT[c] ?? c;
    if (LINE2[i] === 'A') return TO_LETTER[c] ?? c;
    return c;
  }).join('');
}

/** The first check digit of a line 2 that is wrong, or null. */
export function wrongDigit(line) {
  if (line.length !== 36) return `${line.length} characters instead of 36`;
  const fields = {
    number: [line.slice(0, 9), line[9]],
    birth: [line.slice(13, 19), line[19]],
    expiry: [line.slice(21, 27), line[27]],
    composite: [line.slice(0, 10) + line.slice(13, 20) + line.slice(21, 35), line[35]],
  };
  for (const [name, [field, digit]] of Object.entries(fields)) {
    if (checkDigit(field) !== digit) return `${name}: ${digit} instead of ${checkDigit(field)}`;
  }
  return null;
}
