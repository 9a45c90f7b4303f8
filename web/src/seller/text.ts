import seller from '../locales/en/seller.json';
import { catalogue } from '../shared/i18n';

/** Texts of the seller's pages. */
export const t = catalogue('seller', seller);
