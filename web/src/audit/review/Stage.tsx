import { CircleCheck, CirclePlay, CircleX, CloudOff, Hourglass, Signal, VideoOff } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { clockSeconds, city } from '../../shared/times';
import { Badge, Button, Icon, classes } from '../../shared/ui';
import { fileURL, stillURL, type Report } from '../api';
import { t, word } from '../text';
import { causeWords, say } from './entries';
import { FrameView } from './FrameView';
import { keepFocus } from '../../shared/focus';
import { clockTime, type Track } from './line';
import { networkWords } from './Lanes';
import type { Desk, Side } from './session';

type StageProps = { desk: Desk; report: Report | undefined; zone: string };

/** Both recordings under one clock, what was entered last, and the chosen still. */
export function Stage({ desk, report, zone }: StageProps) {
  const [portrait, setPortrait] = useState(false);
  return (
    <section class={classes('review-stage', portrait ? 'portrait' : 'landscape')}>
      <Screen desk={desk} side="seller" onShape={setPortrait} />
      <Screen desk={desk} side="manager" />
      <Now desk={desk} zone={zone} />
      <StillView desk={desk} report={report} />
    </section>
  );
}

type ScreenProps = { desk: Desk; side: Side; onShape?: (portrait: boolean) => void };

function Screen({ desk, side, onShape }: ScreenProps) {
  const track = desk.tracks.value[side];
  return (
    <div class={`screen screen-${side}`}>
      {!desk.begun.value ? (
        <button type="button" onMouseDown={keepFocus} class="screen-start" onClick={() => desk.clock.play()}>
          <Icon of={CirclePlay} size={24} />
          <span>{t('review.start')}</span>
        </button>
      ) : track ? (
        <Deck key={track.recording.id} desk={desk} side={side} track={track} onShape={onShape} />
      ) : (
        <Missing desk={desk} side={side} />
      )}
      <p class="over-label">{t(`review.${side}`)}</p>
    </div>
  );
}

/** One recording as a deck of the clock. */
function Deck({ desk, side, track, onShape }: ScreenProps & { track: Track; onShape: ((portrait: boolean) => void) | undefined }) {
  const video = useRef<HTMLVideoElement>(null);
  const [broken, setBroken] = useState(false);
  const { clock } = desk;
  useEffect(() => {
    clock.load(side, { deck: video.current!, start: track.start });
    return () => clock.load(side, null);
  }, [clock, side, track]);
  const heard = desk.sound.value === 'both' || desk.sound.value === side;
  useEffect(() => {
    if (video.current) video.current.muted = !heard;
  }, [heard]);
  return (
    <>
      <video
        ref={video}
        src={fileURL(desk.review.room.id, track.recording.file)}
        preload="auto"
        playsinline
        data-testid={`audit-video-${side}`}
        data-recording={track.recording.id}
        data-start={track.start}
        onLoadedMetadata={(event) => {
          const { videoWidth, videoHeight } = event.currentTarget;
          if (videoWidth) onShape?.(videoHeight > videoWidth);
          clock.settle();
        }}
        onSeeked={() => clock.settle()}
        onCanPlay={() => clock.settle()}
        onError={() => setBroken(true)}
      />
      {broken && <div class="screen-none"><Icon of={CloudOff} size={20} /><p>{t('review.broken')}</p></div>}
    </>
  );
}

/** Why there is no picture of a side now. */
function Missing({ desk, side }: { desk: Desk; side: Side }) {
  const at = desk.clock.at.value;
  const gap = desk.line.gaps.find((each) => each.side === side && each.start <= at && at < each.end);
  const none = desk.line.tracks[side].length === 0;
  return (
    <div class="screen-none">
      <Icon of={none ? VideoOff : Hourglass} size={20} />
      <p>{none ? t('review.gapNone') : t('review.gap')}</p>
      {gap && <p class="quiet figures">{clockTime(gap.start)} – {clockTime(gap.end)}, {causeWords(gap.cause)}</p>}
    </div>
  );
}

/** What the ledger says at the clock's time. */
function Now({ desk, zone }: { desk: Desk; zone: string }) {
  const mark = desk.mark.value;
  const said = mark && say(mark.entry, desk.review.personal);
  const at = desk.clock.at.value;
  const step = desk.line.steps.filter((each) => each.start <= at).at(-1);
  return (
    <section class="now card">
      <header class="quiet figures"><span>{t('review.at', { time: clockTime(at) })}</span><span>{clockSeconds(new Date(desk.line.start + at), zone)} {city(zone)}</span></header>
      {step && <h2>{word('step', step.step) || step.step}</h2>}
      {said ? <p class={classes(said.staff && 'staff-words')}><strong>{said.title}</strong> {said.text}</p> : <p class="quiet">{t('review.nowPlaying')}</p>}
      {desk.networkNow.value && <p class={`now-network is-${desk.networkNow.value.level} figures`}><Icon of={Signal} /> {networkWords(desk.networkNow.value)}</p>}
    </section>
  );
}

/** The chosen still, and whether it is the very frame of the recording. */
function StillView({ desk, report }: { desk: Desk; report: Report | undefined }) {
  const still = desk.still;
  if (!still) return <section class="still-view none"><p class="quiet">{t('review.noStill')}</p></section>;
  const slot = word('slot', still.slot) || still.slot;
  const proven = stillsProven(report, still.sha256);
  return (
    <section class="still-view">
      <div class="still-picture">
        <img src={stillURL(desk.review.room.id, still.sha256)} alt={t('review.still', { slot })} />
        <p class="still-labels"><span class="over-label">{t('review.still', { slot })}</span><span class="over-label figures">{t('review.size', { width: still.width, height: still.height })}</span></p>
      </div>
      <FrameView desk={desk} still={still} />
      <footer>
        <Badge {...(proven === undefined ? {} : { tone: proven ? 'ok' : 'danger', icon: proven ? CircleCheck : CircleX })}>{t(proven === undefined ? (report ? 'review.unchecked' : 'review.unproven') : proven ? 'review.same' : 'review.notSame', { n: still.frame })}</Badge>
        <code class="quiet">sha256 {still.sha256.slice(0, 8)}…{still.sha256.slice(-4)}</code>
        <span class="grow" />
        <Button kind="link" data-testid="audit-go-frame" onClick={() => desk.show(desk.chosen.peek())}>{t('review.goFrame')}</Button>
      </footer>
    </section>
  );
}

/** stillsProven says whether the verification found a still to be its frame; undefined while it doesn't know. */
function stillsProven(report: Report | undefined, sha256: string): boolean | undefined {
  if (report?.wrong?.includes(sha256)) return false;
  return report?.checks?.find((check) => check.name === 'stills')?.ok || undefined;
}
