import { useEffect, useRef, useState } from 'preact/hooks';
import type { State, TrackHealth, TrackStatus } from '../../protocol';
import { bytes } from '../../shared/times';
import { Icon, classes } from '../../shared/ui';
import { AlertTriangle, CircleDashed } from 'lucide-preact';
import { t, word } from '../text';
import { grade, measure, noTotals, type Health } from './figures';
import type { Session } from './session';

const kept = 30; // seconds of a sparkline

/** The seller's picture in figures, and the recorder's light. */
export function HealthCard({ session, state }: { session: Session; state: State }) {
  const live = state.room.state === 'live';
  const seconds = useHealth(session, live);
  const now = seconds.at(-1);
  const level = live && now ? grade(now) : 'none';
  const track = session.media.remote.value.getVideoTracks()[0];
  const { width, height } = live && track ? track.getSettings() : {};
  return (
    <section class="card health" aria-label={t('health.title')}>
      <header>
        <span class={classes('health-level', level)}><span class="dot" />{t(`health.${level}`)}</span>
        <span class="quiet">{t('health.from')}</span>
        <span class="grow" />
        <span class="figures">{width && height ? t('brief.size', { width, height }) : ''}</span>
      </header>
      <dl class="figures-row">
        <Figure label={t('health.frames')} value={now && live ? now.fps.toFixed(0) : '–'} unit={t('health.fps')} line={seconds.map((each) => each.fps)} />
        <Figure label={t('health.bitrate')} value={now && live ? (now.rate / 1e6).toFixed(2) : '–'} unit={t('health.mbit')} line={seconds.map((each) => each.rate)} />
        <Figure label={t('health.loss')} value={now && live ? (now.loss * 100).toFixed(1) : '–'} unit={t('health.percent')} line={seconds.map((each) => each.loss)} />
        <Figure label={t('health.trip')} value={now?.trip !== undefined && live ? now.trip.toFixed(0) : '–'} unit={t('health.ms')} line={seconds.map((each) => each.trip ?? 0)} />
      </dl>
      <AtServer tracks={session.health.value} />
      <RecorderLight tracks={session.tracks.value} state={state} />
    </section>
  );
}

/** The seller's tracks as the server receives them, line by line under the same heads. */
function AtServer({ tracks }: { tracks: TrackHealth[] }) {
  const seller = tracks.filter((track) => track.participant === 'seller');
  if (!seller.length) return null;
  return (
    <table class="at-server figures" data-testid="manager-at-server">
      <thead>
        <tr><th scope="col">{t('health.server')}</th>{columns.map((column) => <th scope="col" key={column}>{t(`health.${column}`)}</th>)}</tr>
      </thead>
      <tbody>
        {seller.map((track) => (
          <tr key={track.kind}>
            <th scope="row">{word('track', track.kind)}{track.layer && ` · ${word('layer', track.layer)}`}</th>
            <td>{track.kbps}</td>
            <td>{(track.loss / 10).toFixed(1)} %</td>
            <td>{track.rtt} ms</td>
            <td>{track.jitter} ms</td>
            <td class={classes(track.frozen > 0 && 'low')}>{track.kind === 'video' ? `${track.frozen} ms` : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const columns = ['kbps', 'lost', 'tripShort', 'jitter', 'still'] as const;

function Figure({ label, value, unit, line }: { label: string; value: string; unit: string; line: number[] }) {
  const most = Math.max(...line, 1e-9);
  const points = line.map((each, i) => `${(kept - line.length + i) * (100 / (kept - 1))},${15 - (each / most) * 13}`).join(' ');
  return (
    <div>
      <dt>{label}</dt>
      <dd class="figures">{value} <span class="quiet">{unit}</span></dd>
      <svg class="spark" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true"><polyline points={points} /></svg>
    </div>
  );
}

function useHealth(session: Session, live: boolean): Health[] {
  const [seconds, setSeconds] = useState<Health[]>([]);
  const totals = useRef(noTotals);
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      void session.media.stats()?.then((report) => {
        const next = measure(report, totals.current);
        totals.current = next.totals;
        setSeconds((before) => [...before.slice(1 - kept), next.health]);
      });
    }, 1000);
    return () => clearInterval(timer);
  }, [session, live]);
  return seconds;
}

const needed = 900; // per mille of the call that a pass needs

/** The recorder's light: what is stored and covered, track by track. */
function RecorderLight({ tracks, state }: { tracks: TrackStatus[]; state: State }) {
  const failing = tracks.some((track) => track.failing);
  if (!tracks.length) {
    return (
      <div class="recorder" data-testid="manager-recorder">
        <p class="recorder-idle"><Icon of={CircleDashed} /> {state.liveSince ? t('recorder.idleAfter') : t('recorder.idle')}</p>
      </div>
    );
  }
  return (
    <div class={classes('recorder', failing && 'failing')} data-testid="manager-recorder">
      {(['seller', 'manager'] as const).map((who) => (
        <p class="recorder-row figures" key={who}>
          <strong>{t(`recorder.${who}`)}</strong>
          {(['video', 'audio'] as const).map((kind) => {
            const track = tracks.find((each) => each.participant === who && each.kind === kind);
            return <Track key={kind} kind={kind} track={track} />;
          })}
        </p>
      ))}
      <CoverageBar tracks={tracks} />
      <Gaps tracks={tracks} />
    </div>
  );
}

function Track({ kind, track }: { kind: 'video' | 'audio'; track: TrackStatus | undefined }) {
  const level = !track || track.failing ? 'bad' : track.coverage < needed ? 'low' : 'ok';
  return (
    <span class="recorder-track">
      {word('track', kind)} <b class={level}>{level === 'bad' && <Icon of={AlertTriangle} size={12} />}{track ? `${(track.coverage / 10).toFixed(1)} %` : '–'}</b>
      {track && <span class="quiet"> {bytes(track.bytes)}</span>}
    </span>
  );
}

/** The newest gap of any track, with its cause; one line, whatever there is. */
function Gaps({ tracks }: { tracks: TrackStatus[] }) {
  const count = tracks.reduce((sum, track) => sum + track.gaps, 0);
  const newest = tracks.find((track) => track.failing || (track.gaps > 0 && track.cause));
  const cause = newest?.failing || newest?.cause || '';
  const why = word('gap', cause) || cause; // also of a track that has not begun, and so has no gap
  return <p class="recorder-gaps quiet figures">{count ? `${t('recorder.gaps', { count })}${why ? `: ${why}` : ''}` : why || t('recorder.whole')}</p>;
}

/** The least covered track of the seller, whose coverage decides. */
function CoverageBar({ tracks }: { tracks: TrackStatus[] }) {
  const least = Math.min(1000, ...tracks.filter((track) => track.participant === 'seller').map((track) => track.coverage));
  return <progress class={classes('coverage', least < needed && 'low')} max={1000} value={least} aria-label={t('recorder.title')} />;
}
