import seller from '../locales/en/seller.json';
import { catalogue } from '../shared/i18n';

/** Texts of the seller's pages. */
export const t = catalogue('seller', seller);

/** What the seller is asked to do in a step, by its code; undefined for a code that has no words. */
export function promptText(step: string, name: string): { title: string; sub: string } | undefined {
  const look = t as (key: string, values: { name: string }) => string;
  const title = `call.prompt.${step}.title`;
  const text = look(title, { name });
  return text === title ? undefined : { title: text, sub: look(`call.prompt.${step}.sub`, { name }) };
}
