// What is wrong with the catalogues in src/locales: the build stops at the first.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Texts = { [key: string]: string | Texts };

/** Parts that a seller reads, in all languages; the rest is for staff, in English and German. */
const sellers = ['common', 'seller', 'outcome'];
const required: Record<string, (part: string) => boolean> = {
  de: (part) => part !== 'design', // for those who build pages
  es: (part) => sellers.includes(part),
  zh: (part) => sellers.includes(part),
};

/** localeFaults compares every language with English, which is complete by type: keys, plural forms, places for values, marks. */
export function localeFaults(folder: string): string[] {
  const english = readdirSync(join(folder, 'en')).filter((name) => name.endsWith('.json'));
  return Object.entries(required).flatMap(([tag, wants]) =>
    english
      .filter((name) => wants(name.slice(0, -'.json'.length)))
      .flatMap((name) => differences(tag, flat(read(join(folder, 'en', name))), flat(read(join(folder, tag, name)))).map((fault) => `${tag}/${name}: ${fault}`)),
  );
}

/** differences names what one language's texts lack, have too many, or say with other places and marks. */
export function differences(tag: string, english: Map<string, string>, texts: Map<string, string>): string[] {
  const forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories as string[];
  const plural = (key: string) => /_(one|other)$/.test(key) && english.has(key.replace(/_(one|other)$/, '_other')) && english.has(key.replace(/_(one|other)$/, '_one'));
  const needed = [...english.keys()].filter((key) => !(key.endsWith('_one') && plural(key) && !forms.includes('one')));
  const extra = [...texts.keys()].filter((key) => !english.has(key));
  return [
    ...needed.filter((key) => !texts.has(key)).map((key) => `${key} is missing`),
    ...extra.map((key) => `${key} is unknown`),
    ...needed
      .filter((key) => texts.has(key) && (places(texts.get(key)!, key) !== places(english.get(key)!, key) || (english.get(key) !== '') !== (texts.get(key) !== '')))
      .map((key) => `${key} has other places or marks than in English`),
  ];
}

/** The places for values and the marks of a text; a singular may leave the number out. */
function places(text: string, key: string): string {
  const found = new Set(text.match(/\{\{\w+\}\}|<\/?b>/g));
  if (key.endsWith('_one')) found.delete('{{count}}');
  return [...found].sort().join(' ');
}

function read(path: string): Texts {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Texts;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${path}: ${String(cause)}`);
  }
}

/** flat gives nested texts by dotted key. */
export function flat(texts: Texts, before = ''): Map<string, string> {
  return new Map(Object.entries(texts).flatMap(([key, text]) => (typeof text === 'string' ? [[before + key, text] as const] : [...flat(text, `${before}${key}.`)])));
}
