import { Check, RefreshCw, Wifi } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../protocol';
import { useNow } from '../shared/now';
import { clock, span } from '../shared/times';
import { Button, Icon, Rich } from '../shared/ui';
import { say, warn } from './Announcer';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { Visit } from './visit';

const spoken = [60, 30, 10]; // seconds left that are read out

/** The connection of one side is lost: how long the place is kept, what is kept, what helps. */
export function Lost({ visit, state }: { visit: Visit; state: State }) {
  const now = useNow(250);
  const here = visit.socket.status.value === 'open';
  const theirs = here && state.you.media && !(state.peer?.connected && state.peer.media);
  const name = state.peer?.name || t('peerNobody');
  const grace = state.grace * 1000;
  const ends = state.graceEnds ? Date.parse(state.graceEnds) : (visit.lostAt.value || now) + grace;
  const left = Math.max(0, ends - now);
  const whole = useRef(1);
  whole.current = state.graceEnds ? Math.max(whole.current, left) : grace;
  useEffect(() => {
    warn(t('announce.lost'));
    return () => {
      if (visit.view.peek().screen === 'call') warn(t('announce.back')); // and not where the grace is over
    };
  }, []);
  useCountdownWords(Math.ceil(left / 1000));
  const time = clock(new Date(ends));
  return (
    <Screen
      title={t('title.lost')}
      testid="seller-lost"
      class="lost"
      dock={
        <>
          {!theirs && (
            <Button kind="primary" wide icon={RefreshCw} iconSize={20} data-testid="seller-try-now" onClick={() => tryNow(visit)}>
              {t('lost.tryNow')}
            </Button>
          )}
          <Comfort>{t('lost.comfort')}</Comfort>
        </>
      }
    >
      <Ring left={left} whole={whole.current} />
      <div class="centred">
        <h1 class="title">{theirs ? t('lost.theirTitle', { name }) : t('lost.title')}</h1>
        <p class="lead">
          <Rich text={theirs ? t('lost.theirText', { name, time }) : t('lost.text', { name, time })} />
        </p>
        <p class="pill tone-accent trying" aria-live="off">
          <span class="ring" aria-hidden="true" />
          <span>{trying(visit, theirs, name, now)}</span>
        </p>
      </div>
      <Kept state={state} />
      {!theirs && (
        <section class="card fact-row">
          <Icon of={Wifi} size={24} class="accent" />
          <div>
            <h2 class="strong">{t('lost.helps')}</h2>
            <p class="sub">{t('lost.helpsText')}</p>
          </div>
        </section>
      )}
    </Screen>
  );
}

function tryNow(visit: Visit): void {
  if (visit.socket.status.peek() === 'open') visit.media.restart();
  else visit.socket.retryNow();
}

function trying(visit: Visit, theirs: boolean, name: string, now: number): string {
  if (theirs) return t('lost.waitingForThem', { name });
  if (visit.socket.status.value === 'open') return t('lost.back');
  const seconds = Math.ceil((visit.socket.nextTry.value - now) / 1000);
  return seconds > 0 ? t('lost.tryingIn', { seconds }) : t('lost.trying');
}

function Ring({ left, whole }: { left: number; whole: number }) {
  const arc = useRef<SVGCircleElement>(null);
  const share = Math.min(1, left / whole);
  useEffect(() => {
    arc.current?.style.setProperty('stroke-dashoffset', String(1 - share));
  }, [share]);
  return (
    <div class="countdown" role="timer" aria-live="off">
      <svg viewBox="0 0 132 132" aria-hidden="true" focusable="false">
        <circle cx="66" cy="66" r="62" />
        <circle ref={arc} class="countdown-left" cx="66" cy="66" r="62" pathLength={1} />
      </svg>
      <p>
        <b class="figures">{span(left + 999)}</b>
        <span>{t('lost.left')}</span>
      </p>
    </div>
  );
}

function Kept({ state }: { state: State }) {
  const done = state.steps.filter((step) => step.done).length;
  const at = state.steps.findIndex((step) => step.step === state.step);
  const rows: [string, string][] = [];
  if (done) rows.push([t('lost.keptSteps', { count: done }), t('lost.keptDone')]);
  rows.push([t('lost.keptPlace'), at >= 0 ? t('lost.keptPlaceAt', { n: at + 1, count: state.steps.length }) : '']);
  if (state.chat.length) rows.push([t('lost.keptChat'), t('lost.keptChatLines', { count: state.chat.length })]);
  return (
    <section class="card kept">
      <h2 class="strong">{t('lost.kept')}</h2>
      <ul>
        {rows.map(([what, how]) => (
          <li key={what}>
            <span class="row-mark">
              <Icon of={Check} size={14} />
            </span>
            <span class="kept-what">{what}</span>
            <span class="sub figures">{how}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The countdown is said at its start, at 1 min, 30 s and 10 s, and never between. */
function useCountdownWords(seconds: number): void {
  const last = useRef(Infinity);
  useEffect(() => {
    const mark = last.current === Infinity ? seconds : spoken.find((each) => seconds <= each && last.current > each);
    last.current = seconds;
    if (mark !== undefined) say(t('lost.announceLeft', { time: span(mark * 1000) }));
  }, [seconds]);
}
