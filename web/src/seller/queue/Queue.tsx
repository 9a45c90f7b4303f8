import { Camera, Check, Clock, IdCard, Smartphone, WifiOff } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { useLoad } from '../../shared/load';
import { useNow } from '../../shared/now';
import { clock } from '../../shared/times';
import { Button, Icon, StreamVideo, Strip } from '../../shared/ui';
import { say, warn } from '../Announcer';
import { Comfort, Screen } from '../Screen';
import { t } from '../text';
import { closing, join, leave, place, stepAway, type Place } from './api';
import { usePreview, type Preview } from './preview';
import { leadWords, placeWords, waitWords } from './wait';
import './queue.css';

const every = 3000; // ms between two questions; that they come says that the page is open

type QueueProps = {
  /** Another time is to be booked; the place is kept meanwhile. */
  onBook: () => void;
  /** It is the seller's turn, and the seller comes. */
  onGo: () => void;
};

/** The instant queue: the place, the wait, the own picture, leaving for a while, and whose turn it is. */
export function Queue(props: QueueProps) {
  const known = useLoad('place', place, every, true);
  const [acted, setActed] = useState<{ place: Place; at: number } | null>(null);
  const [left, setLeft] = useState(false); // by the button, on this page
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  const preview = usePreview();
  const now = acted && acted.at > known.at ? acted.place : known.value;

  const act = async (does: () => Promise<Place>, leaves: boolean) => {
    setBusy(true);
    setFault(null);
    try {
      setActed({ place: await does(), at: Date.now() });
      setLeft(leaves);
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setFault(cause);
    }
    setBusy(false);
  };
  const back = () => void act(join, false);

  // Whoever looks at the page is here, also after it was asleep or loaded again.
  const asleep = !!now?.joined && !!now.away && !left && !busy && !document.hidden && !fault;
  useEffect(() => {
    if (asleep) back();
  }, [asleep, known.at]);
  useClosing(!!now?.joined && !now.away);
  useTold(now);

  if (!now) {
    return (
      <Screen title={t('title.queue')} heading={t('title.queue')} class="loading">
        <h1 class="only-read">{t('loading')}</h1>
        {known.fault ? <Away fault={known.fault} again={known.reload} /> : <><span class="bar-grey tall" /><span class="bar-grey card-tall" /></>}
      </Screen>
    );
  }
  if (now.ready) return <Ready now={now} onGo={props.onGo} />;
  const trouble = fault ?? (known.value && known.fault ? known.fault : null);
  const strip = trouble && <Away fault={trouble} again={fault ? () => setFault(null) : known.reload} />;
  if (!now.joined) return <Over busy={busy} strip={strip} onAgain={back} onBook={props.onBook} />;
  if (left && now.away) return <Kept until={now.away} busy={busy} strip={strip} onBack={back} onLeave={() => void act(leave, true)} />;
  return (
    <InLine
      now={now}
      busy={busy}
      strip={strip}
      preview={preview}
      onAway={() => void act(stepAway, true)}
      onLeave={() => void act(leave, true)}
      onBook={() => void act(stepAway, true).then(props.onBook)}
    />
  );
}

/** A page that closes or is left says so; one that comes back out of the browser's memory is loaded anew by its next question. */
function useClosing(here: boolean): void {
  useEffect(() => {
    if (!here) return;
    addEventListener('pagehide', closing);
    return () => removeEventListener('pagehide', closing);
  }, [here]);
}

/** Says changes of the place, and the turn: by voice, in the tab's title, and by a buzz. */
function useTold(now: Place | undefined): void {
  const before = useRef(0);
  const ready = !!now?.ready;
  const number = now?.joined && !now.away ? now.place : 0;
  useEffect(() => {
    if (number && before.current && number !== before.current) say(placeWords(number));
    before.current = number;
  }, [number]);
  useEffect(() => {
    if (!ready) return;
    warn(t('queue.ready', { name: now?.managerName || t('peerNobody') }));
    navigator.vibrate?.([200, 100, 200]);
  }, [ready]);
}

function Away({ fault, again }: { fault: ApiError; again: () => void }) {
  return <Strip tone="warn" icon={WifiOff} title={fault.message} action={<Button kind="link" onClick={again}>{t('booking.again')}</Button>}>{t('queue.kept')}</Strip>;
}

type InLineProps = { now: Place; busy: boolean; strip: preact.ComponentChildren; preview: Preview; onAway: () => void; onLeave: () => void; onBook: () => void };

function InLine({ now, busy, strip, preview, onAway, onLeave, onBook }: InLineProps) {
  const until = new Date(useNow(15_000) + now.keeps * 60_000);
  return (
    <Screen
      title={t('title.queue')}
      testid="seller-queue"
      dock={
        <>
          <Button wide busy={busy} class="equal" data-testid="queue-away" onClick={onAway}>{t('queue.leaveKeep', { time: clock(until) })}</Button>
          <Comfort>{t('queue.comfort')}</Comfort>
        </>
      }
    >
      <div class="centred">
        <h1 class="title" data-testid="queue-place" data-place={now.place}>{placeWords(now.place)}</h1>
        <p class="lead">{leadWords(now)}</p>
      </div>
      {strip}
      <dl class="card queue-figures">
        <div>
          <dt>{t('queue.place')}</dt>
          <dd>{now.place}</dd>
        </div>
        <div>
          <dt>{t('queue.wait')}</dt>
          <dd data-testid="queue-wait">{now.break ? t('queue.waitBreak') : waitWords(now.minutes)}</dd>
        </div>
      </dl>
      <Picture preview={preview} />
      <ul class="card rows">
        <li class="row">
          <Icon of={Smartphone} size={24} class="row-icon" />
          <div class="row-text">
            <p class="strong">{t('queue.open')}</p>
            <p class="sub">{t('queue.openSub', { count: now.keeps })}</p>
          </div>
        </li>
        <li class="row">
          <Icon of={IdCard} size={24} class="row-icon" />
          <div class="row-text">
            <h2 class="strong">{t('waiting.ready')}</h2>
            <p class="sub">{t('waiting.readyText')}</p>
          </div>
        </li>
      </ul>
      <p class="queue-ways">
        <Button kind="link" onClick={onBook}>{t('queue.book')}</Button>
        <Button kind="link" data-testid="queue-leave" onClick={onLeave}>{t('queue.leave')}</Button>
      </p>
    </Screen>
  );
}

function Picture({ preview }: { preview: Preview }) {
  if (preview.stream) {
    return (
      <figure class="queue-picture">
        <StreamVideo stream={preview.stream} muted class="waiting-video" data-testid="queue-preview" aria-label={t('check.picture')} />
        <figcaption class="fine centred">{t('queue.onlyYou')}</figcaption>
      </figure>
    );
  }
  return (
    <div class="queue-picture-off">
      <p class="sub">{t(preview.fault ? 'queue.noCamera' : 'queue.see')}</p>
      <Button icon={Camera} iconSize={20} busy={preview.opening} data-testid="queue-camera" onClick={preview.open}>{t('queue.camera')}</Button>
    </div>
  );
}

function Kept({ until, busy, strip, onBack, onLeave }: { until: string; busy: boolean; strip: preact.ComponentChildren; onBack: () => void; onLeave: () => void }) {
  return (
    <Screen
      title={t('title.queueKept')}
      testid="queue-kept"
      dock={
        <>
          <Button kind="primary" wide busy={busy} data-testid="queue-back" onClick={onBack}>{t('queue.back')}</Button>
          <Button wide busy={busy} class="equal" onClick={onLeave}>{t('queue.leave')}</Button>
        </>
      }
    >
      <div class="queue-word">
        <span class="queue-sign"><Icon of={Clock} size={24} /></span>
        <h1 class="title">{t('queue.keptUntil', { time: clock(until) })}</h1>
        <p class="lead">{t('queue.keptLead')}</p>
      </div>
      {strip}
    </Screen>
  );
}

function Ready({ now, onGo }: { now: Place; onGo: () => void }) {
  const [busy, setBusy] = useState(false);
  const name = now.managerName || t('peerNobody');
  return (
    <Screen
      title={t('title.queueReady')}
      testid="queue-ready"
      dock={
        <>
          <Button kind="primary" wide busy={busy} data-testid="queue-go" onClick={() => { setBusy(true); onGo(); }}>{t('queue.go')}</Button>
          <Comfort>{t('queue.readyBy', { time: clock(now.comeBy ?? new Date()) })}</Comfort>
        </>
      }
    >
      <div class="queue-word">
        <span class="queue-sign good"><Icon of={Check} size={24} /></span>
        <h1 class="title">{t('queue.ready', { name })}</h1>
        <p class="lead">{t('queue.readyLead')}</p>
      </div>
    </Screen>
  );
}

function Over({ busy, strip, onAgain, onBook }: { busy: boolean; strip: preact.ComponentChildren; onAgain: () => void; onBook: () => void }) {
  return (
    <Screen
      title={t('title.queue')}
      testid="queue-over"
      dock={
        <>
          <Button kind="primary" wide busy={busy} data-testid="queue-again" onClick={onAgain}>{t('queue.again')}</Button>
          <Button wide class="equal" onClick={onBook}>{t('queue.book')}</Button>
        </>
      }
    >
      <div class="queue-word">
        <span class="queue-sign"><Icon of={Clock} size={24} /></span>
        <h1 class="title">{t('queue.over')}</h1>
        <p class="lead">{t('queue.overLead')}</p>
      </div>
      {strip}
    </Screen>
  );
}
