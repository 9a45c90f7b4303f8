import texts from '../locales/en/design.json';
import { catalogue } from '../shared/i18n';

/** Texts of the page that shows the design; it is for those who build pages, in English alone. */
export const t = catalogue('design', texts);

/** The names of a group of the catalogue, in its order. */
export const names = <G extends 'token' | 'scale' | 'kind' | 'radius' | 'height'>(group: G) => Object.keys(texts[group]) as (keyof (typeof texts)[G] & string)[];
