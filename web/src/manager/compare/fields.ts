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
