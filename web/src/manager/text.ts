import texts from '../locales/en/manager.json';
import { catalogue } from '../shared/i18n';
import { plain, wordsOf } from '../shared/words';

/** Texts of the account manager's pages. */
export const t = catalogue('manager', texts);

/** A word of the protocol below a group of the catalogue, or of the words that staff share; '' where there is none. */
export const word = wordsOf(t);

/** The label of an application field: the catalogue's, or its own name made readable. */
export function fieldLabel(field: string): string {
  return word('field', field) || plain(field);
}
