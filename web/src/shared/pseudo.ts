type Texts = { [key: string]: string | Texts };

const letters: Record<string, string> = { a: 'á', e: 'é', i: 'í', o: 'ö', u: 'ü', n: 'ñ', c: 'ç', A: 'Å', E: 'É', I: 'Î', O: 'Ø', U: 'Û', N: 'Ñ', S: 'Š' };

/** stretch makes a pseudo-locale of texts: other letters, 40 % longer, in right-to-left order; places for values and marks stay. */
export function stretch(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, typeof text === 'string' ? longer(text) : stretch(text)]));
}

function longer(text: string): string {
  return text.split('|').map(one).join('|'); // each is a line of its own
}

function one(text: string): string {
  const accented = text.replace(/\{\{\w+\}\}|<\/?b>|[A-Za-z]/g, (part) => letters[part] ?? part);
  const more = '·'.repeat(Math.ceil(text.replace(/\{\{\w+\}\}|<\/?b>/g, '').length * 0.4));
  return text && `\u2067${accented}${more}\u2069`; // isolated, right to left (UAX 9)
}
