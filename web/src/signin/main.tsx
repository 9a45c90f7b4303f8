import { signal } from '@preact/signals';
import { render } from 'preact';
import { ApiError, post } from '../shared/api';
import { dressPage, preferred, speak, staffLanguages } from '../shared/i18n';
import '../styles/base.css';
import '../styles/simple.css';
import './signin.css';
import { SignIn, t } from './SignIn';

const refused = signal<ApiError | null>(null);
const token = decodeURIComponent(location.pathname.split('/')[2] ?? '');

/** Changes the link's token into a cookie and goes to that person's page; the token leaves the address and the history. */
async function open(): Promise<void> {
  refused.value = null;
  try {
    const { home } = await post<{ home: string }>('/api/signin', { token });
    location.replace(home.startsWith('/') && !home.startsWith('//') ? home : '/');
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    refused.value = cause;
  }
}

await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(t('title'));
render(<SignIn refused={refused} retry={() => void open()} />, document.getElementById('page')!);
void open();
