import texts from '../locales/en/manager.json';
import { catalogue } from '../shared/i18n';

/** Texts of the account manager's pages. */
export const t = catalogue('manager', texts);

type Key = Parameters<typeof t>[0];

/** A text below a group of the catalogue by a word of the protocol; '' where there is none. */
export function word(group: string, name: string): string {
  const key = `${group}.${name}`;
  const text = t(key as Key);
  return text === key ? '' : text;
}

/** The label of an application field: the catalogue's, or its own name made readable. */
export function fieldLabel(field: string): string {
  const label = word('field', field);
  if (label) return label;
  const plain = field.replaceAll('_', ' ');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
