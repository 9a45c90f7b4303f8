import type { Code } from '../protocol';
import { t } from './i18n';

/** A refusal of the server, or 'network' when it could not be reached. */
export type FaultCode = Code | 'network';

/** What every refused request throws; message is in plain words of the page's language. */
export class ApiError extends Error {
  constructor(
    readonly code: FaultCode,
    override readonly message: string,
    readonly retryable: boolean,
    readonly status: number,
    /** All that the problem says beside (RFC 9457 section 3.2). */
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Words for a code; the server's own where the catalogue has none. */
export function faultWords(code: string, fallback = ''): string {
  const text = t(`fault.${code as FaultCode}`);
  return text.startsWith('fault.') ? fallback || t('fault.internal') : text;
}

/** Reads a problem+json answer (RFC 9457). */
export async function problem(answer: Response): Promise<ApiError> {
  const said = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string; retryable?: boolean } & Record<string, unknown>;
  const code = (said.code ?? 'internal') as FaultCode;
  return new ApiError(code, faultWords(code, said.detail), said.retryable ?? answer.status >= 500, answer.status, said);
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('network', faultWords('network'), true, 0);
  }
  if (!answer.ok) throw await problem(answer);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** GET of JSON; throws ApiError. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { method: 'GET', signal: signal ?? null });
}

/** POST of JSON; throws ApiError. */
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> => send<T>('POST', path, body, signal);

/** POST of JSON that makes something: sent again with the same key, of newKey, it makes nothing more. Throws ApiError. */
export const postOnce = <T>(path: string, body: unknown, key: string): Promise<T> => send<T>('POST', path, body, undefined, { 'Idempotency-Key': key });

/** A key that no other request has. */
export const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** PUT of JSON; throws ApiError. */
export const put = <T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> => send<T>('PUT', path, body, signal);

function send<T>(method: string, path: string, body: unknown, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<T> {
  return ask<T>(path, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
}
