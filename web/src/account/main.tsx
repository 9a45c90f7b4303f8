import { signal } from '@preact/signals';
import { render } from 'preact';
import { ApiError, get, post } from '../shared/api';
import { dressPage, preferred, speak, spoken, staffLanguages, t as tCommon } from '../shared/i18n';
import { createPasskey, PasskeyError, usePasskey } from '../shared/passkey';
import '../styles/base.css';
import '../styles/simple.css';
import './account.css';
import { Account, type Mine, type Trouble } from './Account';

const mine = signal<Mine | ApiError | null>(null);
const trouble = signal<Trouble | null>(null);
const busy = signal(false);

const role = new URLSearchParams(location.search).get('role') ?? '';
const at = (path: string) => `/api/account${path}${role ? `?role=${encodeURIComponent(role)}` : ''}`;

async function load(): Promise<void> {
  try {
    mine.value = await get<Mine>(at(''));
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    mine.value = cause;
  }
}

/** A change that wants a sign-in of a moment ago: where it was too long ago the passkey is asked for, and the change tried once more. */
async function change(work: () => Promise<Mine | { signedOut: true }>): Promise<void> {
  busy.value = true;
  trouble.value = null;
  try {
    let said: Mine | { signedOut: true };
    try {
      said = await work();
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.code !== 'forbidden') throw cause;
      await post('/api/passkeys/finish', await usePasskey('/api/passkeys/begin'));
      said = await work();
    }
    if ('signedOut' in said) location.assign('/signin');
    else mine.value = said;
  } catch (cause) {
    if (cause instanceof PasskeyError) trouble.value = cause.kind;
    else if (cause instanceof ApiError) trouble.value = cause;
    else throw cause;
  }
  busy.value = false;
}

const add = (name: string) => change(async () => post<Mine>(at('/passkeys'), { ...(await createPasskey(at('/passkeys/begin'))), name }));
const remove = (id: string) => change(() => post<Mine>(at(`/passkeys/${id}/remove`)));
const revoke = (id: string) => change(() => post<Mine>(at(`/sessions/${id}/revoke`)));

await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(`${tCommon('account')} · ${tCommon('product')}`);
const Spoken = () => (
  <Account
    key={spoken.value}
    mine={mine}
    trouble={trouble}
    busy={busy}
    reload={() => void load()}
    add={(name) => void add(name)}
    remove={(id) => void remove(id)}
    revoke={(id) => void revoke(id)}
  />
);
render(<Spoken />, document.getElementById('page')!);
void load();
