import texts from '../locales/en/operate.json';
import { catalogue } from '../shared/i18n';
import { plain, wordsOf } from '../shared/words';

/** Texts of the operator's pages. */
export const t = catalogue('operate', texts);

const look = wordsOf(t);

/** A word of the protocol below a group, or itself made readable. */
export const word = (group: string, code: string) => look(group, code) || plain(code);
