import { WifiOff } from 'lucide-preact';
import type { Signal } from '@preact/signals';
import { t as tCommon } from '../shared/i18n';
import type { ApiError } from '../shared/api';
import { Strip } from '../shared/ui';
import { End, Ended } from './After';
import { Announcer } from './Announcer';
import type { Appointment } from './booking/api';
import { Call } from './call/Call';
import { Check } from './Check';
import { Consent } from './Consent';
import { Documents } from './Documents';
import { later } from './later';
import { Lost } from './Lost';
import { Screen } from './Screen';
import { t } from './text';
import { endOf } from './view';
import { Visit } from './visit';
import { Waiting } from './Waiting';
import { Welcome } from './Welcome';

/** What became of the link: being opened, a visit, or refused. */
export type Opened = { visit: Visit; appointment: Appointment } | { book: Appointment; back?: Visit } | { queue: Appointment } | { code: Appointment } | { refused: ApiError } | null;

type AppProps = {
  opened: Signal<Opened>;
  retry: () => void;
  /** The seller joins the instant queue. */
  join: (now: Appointment) => void;
  /** It is the seller's turn. */
  go: () => void;
};

/** The seller's page: one screen at a time, chosen by the room's state. */
export function App(props: AppProps) {
  return (
    <>
      <a class="skip" href="#content">
        {tCommon('skip')}
      </a>
      <Announcer />
      <Current {...props} />
    </>
  );
}

function Current({ opened, retry, join, go }: AppProps) {
  const now = opened.value;
  if (!now) return <Loading />;
  if ('queue' in now) return <Queue.Screen onBook={() => (opened.value = { book: now.queue })} onGo={go} />;
  if ('code' in now) return <Code.Screen why="join" done={retry} />;
  if ('book' in now) {
    const { book, back } = now;
    const leave = back && (() => (opened.value = { visit: back, appointment: book }));
    return <Booking.Screen now={book} back={leave} queue={book.state === 'invited' ? () => join(book) : undefined} done={(appointment) => (opened.value = { visit: back ?? new Visit(), appointment })} />;
  }
  if ('visit' in now) {
    const { visit, appointment } = now;
    return <><Away visit={visit} /><Visited visit={visit} appointment={appointment} onMove={() => (opened.value = { book: appointment, back: visit })} onCancelled={retry} /></>;
  }
  const { code, message } = now.refused;
  const kind = endOf(code);
  return <End kind={kind} message={message} code={kind === 'other' ? code : undefined} act={retry} />;
}

/** Screens that tell of a lost connection themselves. */
const tells = ['call', 'lost', 'loading', 'end'];

/** The connection is lost: what is here stays, and goes on by itself when it is back. */
function Away({ visit }: { visit: Visit }) {
  if (visit.socket.status.value !== 'lost' || tells.includes(visit.view.value.screen)) return null;
  return (
    <div class="away" data-testid="seller-away">
      <Strip tone="warn" icon={WifiOff} title={navigator.onLine ? t('strip.socket') : t('strip.offline')}>
        {t('strip.kept')}
      </Strip>
    </div>
  );
}

type VisitedProps = { visit: Visit; appointment: Appointment; onMove: () => void; onCancelled: () => void };

function Visited({ visit, appointment, onMove, onCancelled }: VisitedProps) {
  const view = visit.view.value;
  const state = visit.socket.state.value;
  if (view.screen === 'end' && visit.socket.fault.value?.code === 'needs_code') return <Code.Screen why="join" done={onCancelled} />;
  if (view.screen === 'end') {
    const code = view.kind === 'other' ? visit.socket.fault.value?.code : undefined;
    return <End kind={view.kind} message={view.message} code={code} act={() => visit.socket.reopen()} />;
  }
  if (!state) return <Loading />;
  if (!('RTCPeerConnection' in window) && calls.includes(view.screen)) return <End kind="browser" act={() => location.reload()} />;
  switch (view.screen) {
    case 'welcome':
      return <Welcome visit={visit} state={state} appointment={appointment} onMove={onMove} onCancelled={onCancelled} />;
    case 'documents':
      return <Documents visit={visit} />;
    case 'check':
      return <Check visit={visit} state={state} />;
    case 'consent':
      return <Consent visit={visit} state={state} keepDays={appointment.keepDays} />;
    case 'waiting':
      return <Waiting visit={visit} state={state} />;
    case 'call':
      return <Call visit={visit} state={state} />;
    case 'lost':
      return <Lost visit={visit} state={state} />;
    case 'ended':
      Result.ahead();
      return <Ended state={state} />;
    case 'result':
      return <Result.Screen state={state} mail={appointment.mail} />;
    default:
      return <Loading />;
  }
}

/** Screens that a browser without WebRTC can do nothing on. */
const calls = ['check', 'consent', 'waiting', 'call', 'lost'];

/** The layout of the first screen in grey bars, after 300 ms. */
function Loading() {
  return (
    <Screen title={t('title.welcome')} class="loading">
      <h1 class="only-read">{t('loading')}</h1>
      <span class="bar-grey short" />
      <span class="bar-grey tall" />
      <span class="bar-grey card-tall" />
      <span class="bar-grey" />
      <span class="bar-grey" />
      <span class="bar-grey short" />
    </Screen>
  );
}

const Booking = later(() => import('./booking/Booking').then((part) => part.Booking), () => <Loading />);
const Queue = later(() => import('./queue/Queue').then((part) => part.Queue), () => <Loading />);
const Code = later(() => import('./code/Code').then((part) => part.Code), () => <Loading />);
const Result = later(() => import('./Result').then((part) => part.Result), () => <Loading />);
