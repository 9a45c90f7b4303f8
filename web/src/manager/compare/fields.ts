/** The compared fields of the application, in plan order. */
export const fieldItems = ['name', 'number', 'birth_date'] as const;
export type FieldItem = (typeof fieldItems)[number];

/** filed gives what the seller filed for a field, or '' when it was not filed. */
export function filed(item: FieldItem, application: Record<string, string>): string {
  switch (item) {
    case 'name':
      return [application.given_names, application.surname].filter(Boolean).join(' ');
    case 'number':
      return application.document_number ?? '';
    case 'birth_date':
      return application.birth_date ?? '';
  }
}

export type Likeness = 'empty' | 'equal' | 'near' | 'other';

/**
 * likeness compares what was typed with what was filed: equal to the letter,
 * near when only case, spaces, order of names, diacritics or the way to write a
 * date differ, else other. It is a hint; the manager decides.
 */
export function likeness(item: FieldItem, stored: string, typed: string): Likeness {
  const read = typed.trim();
  if (!read) return 'empty';
  if (read === stored.trim()) return 'equal';
  const same = key(item, read);
  return same && same === key(item, stored) ? 'near' : 'other';
}

/** A stretch of a normalised value: the other side has it too, or not. */
export type Stretch = { text: string; same: boolean };

/**
 * normalised writes both values one way (ICAO 9303 letters and name order, letters and digits of a number, a date as
 * year-month-day) and marks what only one of them has: whole words of a name, single characters of the others.
 */
export function normalised(item: FieldItem, stored: string, typed: string): [Stretch[], Stretch[]] {
  const [a, b] = [key(item, stored), key(item, typed)];
  return item === 'name' ? words(a, b) : letters(a, b);
}

function words(a: string, b: string): [Stretch[], Stretch[]] {
  const mark = (mine: string, other: string) => {
    const rest = other.split(' ').filter(Boolean);
    return mine.split(' ').filter(Boolean).map((text) => {
      const at = rest.indexOf(text);
      if (at >= 0) rest.splice(at, 1);
      return { text, same: at >= 0 };
    });
  };
  return [mark(a, b), mark(b, a)];
}

/** The longest common subsequence of two short values, character by character. */
function letters(a: string, b: string): [Stretch[], Stretch[]] {
  const length = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) length[i]![j] = a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!);
  }
  const left: Stretch[] = [];
  const right: Stretch[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add(left, a[i++]!, true);
      add(right, b[j++]!, true);
    } else if (j >= b.length || (i < a.length && length[i + 1]![j]! >= length[i]![j + 1]!)) add(left, a[i++]!, false);
    else add(right, b[j++]!, false);
  }
  return [left, right];
}

function add(list: Stretch[], letter: string, same: boolean): void {
  const last = list.at(-1);
  if (last?.same === same) last.text += letter;
  else list.push({ text: letter, same });
}

function key(item: FieldItem, value: string): string {
  switch (item) {
    case 'name':
      return transliterate(value).split(/\P{L}+/u).filter(Boolean).sort().join(' ');
    case 'number':
      return value.toUpperCase().replace(/[^A-Z0-9]/g, '');
    case 'birth_date':
      return day(value);
  }
}

// ICAO 9303 part 3, section 6: letters that are written as two.
const pairs: Record<string, string> = {
  Ä: 'AE', Å: 'AA', Æ: 'AE', Ö: 'OE', Ø: 'OE', Œ: 'OE', Ü: 'UE', ß: 'SS', ẞ: 'SS', Þ: 'TH', Ð: 'D', Ł: 'L', Đ: 'D', Ñ: 'N',
};

/** transliterate writes Latin letters in A to Z as the machine-readable zone does; other scripts stay. */
export function transliterate(value: string): string {
  const upper = value.normalize('NFC').toUpperCase();
  const spelt = Array.from(upper, (letter) => pairs[letter] ?? letter).join('');
  return spelt.normalize('NFD').replace(/\p{M}/gu, '');
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** day reads 1974-08-12, 12.08.1974, 12 Aug 1974 and the like as 1974-08-12. */
export function day(value: string): string {
  const parts = value.toUpperCase().split(/[^A-Z0-9]+/).filter(Boolean);
  if (parts.length !== 3) return value.trim().toUpperCase();
  const yearFirst = /^\d{4}$/.test(parts[0]!);
  const [y, m, d] = yearFirst ? parts : [parts[2], parts[1], parts[0]];
  const named = months.indexOf(m!.slice(0, 3)) + 1;
  const month = named || Number(m);
  return `${y}-${String(month).padStart(2, '0')}-${String(Number(d)).padStart(2, '0')}`;
}
