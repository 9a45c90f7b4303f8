// Passkeys (WebAuthn level 3): the server's options in, what the browser made of them out, both as JSON.
import { post } from './api';

/** Why a passkey was not made or used, where it is not the server's refusal. */
export class PasskeyError extends Error {
  constructor(readonly kind: 'cancelled' | 'exists' | 'unsupported') {
    super(kind);
    this.name = 'PasskeyError';
  }
}

interface Ceremony {
  ceremony: string;
  options: Record<string, unknown>;
}

/** What goes back to the server. */
export interface Answer {
  ceremony: string;
  credential: unknown;
}

/** createPasskey begins at an address of the server and has the browser make a passkey; throws ApiError, PasskeyError. */
export async function createPasskey(begin: string, body: unknown = {}): Promise<Answer> {
  const { ceremony, options } = await start(begin, body);
  const user = options['user'] as { id: string };
  const publicKey = {
    ...options,
    challenge: bytes(options['challenge']),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: descriptors(options['excludeCredentials']),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await asked(() => navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ceremony,
    credential: {
      ...common(made),
      response: {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
        transports: response.getTransports?.() ?? [],
      },
    },
  };
}

/** usePasskey has the browser answer with whatever passkey its holder chooses; throws ApiError, PasskeyError. */
export async function usePasskey(begin: string): Promise<Answer> {
  const { ceremony, options } = await start(begin, {});
  const publicKey = { ...options, challenge: bytes(options['challenge']), allowCredentials: [] } as unknown as PublicKeyCredentialRequestOptions;
  const used = await asked(() => navigator.credentials.get({ publicKey }));
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    ceremony,
    credential: {
      ...common(used),
      response: {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        ...(response.userHandle ? { userHandle: text(response.userHandle) } : {}),
      },
    },
  };
}

/** Whether this browser has passkeys at all. */
export function hasPasskeys(): boolean {
  return typeof window.PublicKeyCredential === 'function' && window.isSecureContext;
}

async function start(begin: string, body: unknown): Promise<Ceremony> {
  if (!hasPasskeys()) throw new PasskeyError('unsupported');
  return post<Ceremony>(begin, body);
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const got = await ask();
    if (got) return got as PublicKeyCredential;
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    if (cause.name === 'InvalidStateError') throw new PasskeyError('exists');
    if (cause.name === 'NotSupportedError' || cause.name === 'SecurityError') throw new PasskeyError('unsupported');
  }
  throw new PasskeyError('cancelled');
}

function common(credential: PublicKeyCredential) {
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: {},
  };
}

function descriptors(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list ?? []) as { id: string; type: 'public-key' }[]).map((one) => ({ ...one, id: bytes(one.id) }));
}

/** base64url without padding, RFC 4648 section 5. */
function bytes(given: unknown): Uint8Array<ArrayBuffer> {
  const raw = atob(String(given).replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

function text(given: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(given))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
