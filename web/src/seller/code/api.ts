import { get, post } from '../../shared/api';
import { setClock } from '../../shared/times';

/** How it stands with the seller's code. */
export interface CodeState {
  /** By the server's clock. */
  now?: string;
  /** There is an address that a code can be mailed to. */
  able: boolean;
  /** A code was sent, and can be entered until then. */
  until?: string;
  proved: boolean;
  wanted: boolean;
}

/** A picture that is kept of the seller. */
export interface KeptPicture {
  name: string;
  url: string;
  /** 0 of a PDF. */
  width: number;
  height: number;
}

/** What is kept of the seller, after the call. */
export interface Kept {
  sellerName: string;
  managerName: string;
  fields: Record<string, string>;
  documents: KeptPicture[];
  stills: KeptPicture[];
  /** Items that a person compared: 'face', 'name', 'number', 'birth_date'. */
  compared: string[];
  /** When all of it is erased. */
  until?: string;
}

export const codeState = (signal?: AbortSignal) => get<CodeState>('/api/seller/code', signal).then(setClock);
export const sendCode = () => post<CodeState>('/api/seller/code/send').then(setClock);
export const checkCode = (code: string) => post<CodeState>('/api/seller/code/check', { code });
export const kept = (signal?: AbortSignal) => get<Kept>('/api/seller/kept', signal);
