import { signal, type ReadonlySignal } from '@preact/signals';
import common from '../locales/en/common.json';
import { ofBrowser } from './kept';

/** Languages that the pages speak, BCP 47: English is complete and built in, the others are fetched when they are chosen. */
export const languages = ['en', 'de', 'es', 'zh'] as const;
export type Language = (typeof languages)[number];

/** Languages of the staff's pages. */
export const staffLanguages: readonly Language[] = ['en', 'de'];

/** Not offered to anybody: English made longer and written from right to left, by which tests see texts that don't fit and are missing. */
export const pseudo = 'ar-XB';

/** The language in use; it also goes into the ledger with an answer to the notice. */
export let language: string = languages[0];

const now = signal<string>(language);

/** The language in use, for what has to be drawn again when it changes. */
export const spoken: ReadonlySignal<string> = now;

type Texts = { [key: string]: string | Texts };
type Leaf<T> = {
  [K in keyof T & string]: T[K] extends string ? Base<K> : `${K}.${Leaf<T[K]>}`;
}[keyof T & string];

/** A plural pair name_one and name_other is asked for as name, with count. */
type Base<K extends string> = K extends `${infer B}_one` | `${infer B}_other` ? B : K;

export type Values = Record<string, string | number>;

/** A translator: key of the catalogue → text. Unknown keys don't compile; a key that is only known at run time and has no text is given back. */
export type Translator<T> = (key: Leaf<T>, values?: Values) => string;

/** The texts of each language by part: those of English are there from the start. */
const known: Record<string, Record<string, Texts>> = { en: {} };
const files = import.meta.glob<Texts>('../locales/{de,es,zh}/*.json', { import: 'default' });

/** Adds the English texts of one part of the product and gives its translator. */
export function catalogue<T extends object>(name: string, texts: T): Translator<T> {
  known.en![name] = texts as Texts;
  return (key, values) => translate(language, name, key, values);
}

/** A translator for one language, whatever the page speaks; ready says when its texts are there. */
export function catalogueIn<T extends object>(tag: string, name: string): { t: Translator<T>; ready: Promise<void> } {
  return { t: (key, values) => translate(tag, name, key, values), ready: fetchTexts(tag, [name]) };
}

function translate(tag: string, name: string, key: string, values: Values = {}): string {
  const text = find(known[tag]?.[name], tag, key, values) ?? find(known.en![name], 'en', key, values) ?? key;
  return text.replace(/\{\{(\w+)\}\}/g, (whole, word: string) => (word in values ? String(values[word]) : whole));
}

function find(texts: Texts | undefined, tag: string, key: string, values: Values): string | undefined {
  const path = key.split('.');
  const last = path.pop()!;
  let level: string | Texts | undefined = texts;
  for (const part of path) level = typeof level === 'object' && Object.hasOwn(level, part) ? level[part] : undefined;
  if (typeof level !== 'object') return undefined;
  const forms = typeof values['count'] === 'number' ? [`${last}_${new Intl.PluralRules(tag).select(values['count'])}`, `${last}_other`, last] : [last];
  for (const form of forms) if (Object.hasOwn(level, form) && typeof level[form] === 'string') return level[form];
  return undefined;
}

/** Fetches what is missing of a language; one that has no file is made of English. */
async function fetchTexts(tag: string, names: string[]): Promise<void> {
  if (tag === 'en') return;
  const mine = (known[tag] ??= {});
  await Promise.all(
    names
      .filter((name) => !mine[name])
      .map(async (name) => {
        if (tag === pseudo) mine[name] = (await import('./pseudo')).stretch(known.en![name]!);
        else mine[name] = (await files[`../locales/${tag}/${name}.json`]?.()) ?? known.en![name]!;
      }),
  );
}

/** speak changes the page's language; what can't be fetched leaves it as it was. */
export async function speak(tag: string): Promise<void> {
  if (tag === language) return;
  await fetchTexts(tag, Object.keys(known.en!));
  language = tag;
  now.value = tag;
  dressPage(document.title);
}

/** Fetches the texts of parts that came after the language was chosen; throws where they can't be had. */
export const completeTexts = (): Promise<void> => fetchTexts(language, Object.keys(known.en!));

const place = 'verifycall.language';

/** The language that a person has chosen on this browser; '' while none. */
export const chosen = (): string => ofBrowser.read(place);

/** choose changes the language and keeps the choice on this browser. */
export async function choose(tag: string): Promise<void> {
  await speak(tag);
  ofBrowser.write(place, tag);
}

/** The first of some wishes that is among the offered: the own choice, then for example the room's, then the browser's. */
export function preferred(offered: readonly string[], ...wishes: string[]): string {
  const own = chosen();
  if (own === pseudo) return own;
  const fits = (wish: string) => offered.find((tag) => tag === wish || tag === wish.split('-')[0]);
  for (const wish of [own, ...wishes, ...navigator.languages]) {
    const tag = wish && fits(wish);
    if (tag) return tag;
  }
  return offered[0]!;
}

/** A language's name in itself: "Deutsch". */
export function ownName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
}

/** Texts that all pages share. */
export const t = catalogue('common', common);

/** Sets the page's language, direction and title. */
export function dressPage(title: string): void {
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : language;
  document.documentElement.dir = language === pseudo ? 'rtl' : 'ltr';
  document.title = title;
}
