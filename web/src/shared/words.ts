import texts from '../locales/en/staff.json';
import { catalogue } from './i18n';

const staff = catalogue('staff', texts) as (key: string) => string;

/**
 * wordsOf gives a look-up of the protocol's words for a staff console: below a
 * group of its own catalogue, else of the words that all staff share; '' where
 * there is none.
 */
export function wordsOf(own: (key: never) => string): (group: string, word: string) => string {
  return (group, word) => {
    const key = `${group}.${word}`;
    for (const look of [own as (key: string) => string, staff]) {
      const text = look(key);
      if (text !== key) return text;
    }
    return '';
  };
}

/** plain makes a word readable where no catalogue has one: "custody_opened" → "Custody opened". */
export function plain(word: string): string {
  const text = word.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
