import { signal } from '@preact/signals';
import { render } from 'preact';
import { ApiError, get, post } from '../shared/api';
import { dressPage, preferred, speak, spoken, staffLanguages } from '../shared/i18n';
import { createPasskey, PasskeyError, usePasskey } from '../shared/passkey';
import '../styles/base.css';
import '../styles/simple.css';
import './signin.css';
import { SignIn, t, type At, type Failed, type Ways } from './SignIn';

const at = signal<At>({ step: 'signing' });
/** Why the last try on this page led nowhere; the page stays as it is. */
const hint = signal<PasskeyError['kind'] | ApiError | null>(null);
const busy = signal(false);
const token = location.pathname.startsWith('/in/') ? decodeURIComponent(location.pathname.split('/')[2] ?? '') : '';

const said = new URLSearchParams(location.search).get('failed');
const failed = (['away', 'refused', 'no_role', 'late'] as Failed[]).find((why) => why === said) ?? null;

function enter({ home }: { home: string }): void {
  location.replace(home.startsWith('/') && !home.startsWith('//') ? home : '/');
}

/** A link's token becomes a cookie, or says whom it invites; without a link there is the choice of ways. */
async function open(): Promise<void> {
  at.value = { step: 'signing' };
  try {
    if (!token) {
      at.value = { step: 'choose', ways: await get<Ways>('/api/signin'), failed };
      return;
    }
    const answer = await post<{ home: string; passkey?: boolean; name: string }>('/api/signin', { token });
    if (answer.passkey) at.value = { step: 'invited', name: answer.name };
    else enter(answer);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    at.value = { step: 'refused', fault: cause };
  }
}

/** One try with a passkey: what goes wrong is told beside the button, except a link that is gone. */
async function attempt(work: () => Promise<{ home: string }>): Promise<void> {
  hint.value = null;
  busy.value = true;
  try {
    enter(await work());
  } catch (cause) {
    busy.value = false;
    if (cause instanceof PasskeyError) hint.value = cause.kind;
    else if (!(cause instanceof ApiError)) throw cause;
    else if (cause.code === 'link_unknown') at.value = { step: 'refused', fault: cause };
    else hint.value = cause;
  }
}

const create = (name: string) =>
  attempt(async () => post('/api/passkeys/invited/finish', { ...(await createPasskey('/api/passkeys/invited/begin', { token })), token, name }));
const use = () => attempt(async () => post('/api/passkeys/finish', await usePasskey('/api/passkeys/begin')));

await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(t('title'));
const Spoken = () => (
  <SignIn key={spoken.value} at={at} hint={hint} busy={busy} retry={() => void open()} create={(name) => void create(name)} use={() => void use()} />
);
render(<Spoken />, document.getElementById('page')!);
void open();
