import texts from '../locales/en/audit.json';
import { catalogue } from '../shared/i18n';
import { wordsOf } from '../shared/words';

export { plain } from '../shared/words';

/** Texts of the auditor's pages. */
export const t = catalogue('audit', texts);

/** A word of the protocol below a group of the catalogue, or of the words that staff share; '' where there is none. */
export const word = wordsOf(t);
