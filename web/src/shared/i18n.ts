import i18next from 'i18next';
import common from '../locales/en/common.json';

/** Languages that the pages speak, BCP 47. */
export const languages = ['en'] as const;

/** The language in use; it also goes into the ledger with an answer to the notice. */
export const language: string = languages[0];

type Leaf<T> = {
  [K in keyof T & string]: T[K] extends string ? Base<K> : `${K}.${Leaf<T[K]>}`;
}[keyof T & string];

/** A plural pair name_one and name_other is asked for as name, with count. */
type Base<K extends string> = K extends `${infer B}_one` | `${infer B}_other` ? B : K;

export type Values = Record<string, string | number>;

/** A translator: key of the catalogue → text. Unknown keys don't compile. */
export type Translator<T> = (key: Leaf<T>, values?: Values) => string;

i18next.init({
  lng: language,
  fallbackLng: 'en',
  resources: {},
  interpolation: { escapeValue: false }, // Preact escapes
  initAsync: false,
});

/** Adds the English texts of one part of the product and gives its translator. */
export function catalogue<T extends object>(name: string, texts: T): Translator<T> {
  i18next.addResourceBundle('en', name, texts);
  return (key, values) => i18next.t(`${name}:${key}` as never, values as never) as unknown as string;
}

/** Texts that all pages share. */
export const t = catalogue('common', common);

/** Sets the page's language, direction and title. */
export function dressPage(title: string): void {
  document.documentElement.lang = language;
  document.documentElement.dir = i18next.dir(language);
  document.title = title;
}
