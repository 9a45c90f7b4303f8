import { signal } from '@preact/signals';
import { render } from 'preact';
import { ApiError, post } from '../shared/api';
import { dressPage, languages, preferred, speak, spoken, t } from '../shared/i18n';
import { guardSecondClicks } from '../shared/second-click';
import { setClock } from '../shared/times';
import '../styles/base.css';
import './seller.css';
import './call.css';
import { App, type Opened } from './App';
import { appointment, type Appointment } from './booking/api';
import { join, place } from './queue/api';
import { Visit } from './visit';

const opened = signal<Opened>(null);
const token = /^\/j\/([^/]+)$/.exec(location.pathname)?.[1];

/** Changes the link's token into a cookie; then the address bar loses it. Without a token the cookie must be there. */
async function open(): Promise<void> {
  opened.value = null;
  try {
    const exchanged = token ? await post<{ appointment?: Appointment }>('/api/link', { token: decodeURIComponent(token) }) : undefined;
    const now = exchanged?.appointment ? setClock(exchanged.appointment) : await appointment(); // a server of before says its role alone
    if (token) history.replaceState(null, '', '/j');
    await speak(preferred(languages, now.language)).catch(() => undefined); // without its texts it goes on as it is
    if (now.code) return void (opened.value = { code: now });
    if (now.state === 'invited' && (now.queued ?? (await place()).joined)) return void (opened.value = { queue: now });
    opened.value = now.books && now.state !== 'booked' ? { book: now } : { visit: new Visit(), appointment: now };
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    await speak(preferred(languages)).catch(() => undefined); // nobody knows the room's
    opened.value = { refused: cause };
  }
}

/** Joins the instant queue; what is in the way the queue's own page tells. */
async function queue(now: Appointment): Promise<void> {
  await join().catch((cause: unknown) => {
    if (!(cause instanceof ApiError)) throw cause;
  });
  opened.value = { queue: now };
}

/** To the call whose turn has come, by the test of the camera. */
async function go(): Promise<void> {
  const now = await appointment().catch(() => null);
  if (!now || !['booked', 'waiting'].includes(now.state)) return open();
  const visit = new Visit();
  visit.progress.value = 'check';
  opened.value = { visit, appointment: now };
  await visit.openCamera();
}

/** All of it anew in another language; the visit, its call and its media go on. */
function Spoken() {
  return <App key={spoken.value} opened={opened} retry={() => void open()} join={(now) => void queue(now)} go={() => void go()} />;
}

guardSecondClicks();
dressPage(t('product'));
const page = document.getElementById('page')!;
page.replaceChildren(); // what the HTML brought
render(<Spoken />, page);
void open();
