import { Camera, CameraOff, CloudOff, Mic, MicOff, PhoneOff, VideoOff } from 'lucide-preact';
import { PhoneCommands } from './PhoneCommands';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../../protocol';
import { Button, Icon, Strip, StreamVideo, classes } from '../../shared/ui';
import type { Me } from '../api';
import { t } from '../text';
import { Chat, firstOf } from './Chat';
import { HealthCard } from './Health';
import { SellerOverlay } from './SellerOverlay';
import type { Session } from './session';

type LivePaneProps = { session: Session; state: State; name: string; me: Me; onEnd: () => void };

/** The live pane: the seller large, the own thumbnail, commands, health and chat. */
export function LivePane({ session, state, name, me, onEnd }: LivePaneProps) {
  const [portrait, setPortrait] = useState(false);
  const lower = session.lower.value;
  const live = state.room.state === 'live';
  const measureVideo = (video: HTMLVideoElement) => {
    if (video.videoWidth) setPortrait(video.videoHeight > video.videoWidth);
  };
  return (
    <section class="pane live" id="live" aria-label={t('live.pane')} tabIndex={-1} data-pane>
      <div class={classes('stage', portrait ? 'portrait' : 'landscape')}>
        <div class="seller-video">
          <StreamVideo
            stream={session.media.remote.value}
            class={classes(!live && 'dim')}
            data-testid="manager-remote-video"
            onLoadedMetadata={(event) => measureVideo(event.currentTarget)}
            onResize={(event) => measureVideo(event.currentTarget as HTMLVideoElement)}
          />
          <p class="over-label seller-name">{name}</p>
          <SellerMarks state={state} />
          <SellerOverlay session={session} state={state} name={name} />
        </div>
        <div class="own">
          <div class="self-video">
            <StreamVideo stream={session.own.value} muted data-testid="manager-self-video" />
            <p class="over-label">{t('live.you')}</p>
            {session.media.videoOff.value && <div class="self-off"><Icon of={CameraOff} size={20} /></div>}
          </div>
          <Commands session={session} live={live || state.room.state === 'interrupted'} onEnd={onEnd} />
        </div>
        <PhoneCommands session={session} state={state} />
      </div>
      {session.cameraFault.value && <CameraStrip session={session} />}
      {state.staff?.unstored && <Strip tone="warn" icon={CloudOff} title={t('live.unstored')}>{t('live.unstoredLine', { count: state.staff.unstored })}</Strip>}
      {state.staff?.newDevice && <DeviceStrip session={session} name={name} />}
      <LowerTabs session={session} state={state} name={name} />
      <div class={classes('lower', `show-${lower}`)}>
        <HealthCard session={session} state={state} />
        <Chat session={session} state={state} name={name} zone={me.zone} />
      </div>
    </section>
  );
}

/** Health and chat as tabs, in a small window: what the seller wrote while the chat is hidden is counted on its tab and read out. */
function LowerTabs({ session, state, name }: { session: Session; state: State; name: string }) {
  const [seen, setSeen] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const lower = session.lower.value;
  const lines = state.chat.filter((line) => line.from === 'seller');
  useEffect(() => {
    const beside = !box.current?.offsetHeight; // a large window has both and no tabs
    if (beside || lower === 'chat') setSeen(lines.length);
  }, [lines.length, lower]);
  const news = lower === 'chat' ? 0 : lines.length - seen;
  return (
    <div class="lower-tabs" ref={box}>
      <div role="tablist">
        {(['health', 'chat'] as const).map((tab) => (
          <button type="button" role="tab" class="tab" aria-selected={lower === tab} data-testid={`manager-lower-${tab}`} key={tab} onClick={() => (session.lower.value = tab)}>
            {t(`${tab}.title`)}{' '}
            {tab === 'chat' && news > 0 && <span class="badge tone-accent figures">{news} <span class="only-read">{t('chat.unread', { count: news })}</span></span>}
          </button>
        ))}
      </div>
      <p class="only-read" role="status" data-testid="manager-chat-news">{news > 0 && t('chat.news', { count: news, name: firstOf(name), text: lines.at(-1)!.text })}</p>
    </div>
  );
}

function SellerMarks({ state }: { state: State }) {
  if (!state.peer || state.room.state !== 'live') return null;
  return (
    <p class="seller-marks">
      {state.peer.audioOff && <span class="over-label warn"><Icon of={MicOff} size={12} /> {t('live.sellerMuted')}</span>}
      {state.peer.videoOff && <span class="over-label warn"><Icon of={VideoOff} size={12} /> {t('live.sellerCameraOff')}</span>}
    </p>
  );
}

function Commands({ session, live, onEnd }: { session: Session; live: boolean; onEnd: () => void }) {
  const { audioOff, videoOff } = session.media;
  const open = !!session.own.value;
  return (
    <div class="commands">
      <Button class={classes(audioOff.value && 'off')} locked={!open} icon={audioOff.value ? MicOff : Mic} hotkey="M" title={t(audioOff.value ? 'live.unmute' : 'live.mute')} data-testid="manager-mute" onClick={() => session.toggleMute('audio')}>
        {audioOff.value ? t('live.unmute') : t('live.mute')}
      </Button>
      <Button class={classes(videoOff.value && 'off')} locked={!open} icon={videoOff.value ? CameraOff : Camera} title={t(videoOff.value ? 'live.cameraOn' : 'live.camera')} data-testid="manager-camera" onClick={() => session.toggleMute('video')}>
        {videoOff.value ? t('live.cameraOn') : t('live.camera')}
      </Button>
      <Button locked={!live} icon={PhoneOff} title={t('live.end')} data-testid="manager-end" onClick={onEnd}>{t('live.end')}</Button>
    </div>
  );
}

const told = ['denied', 'absent', 'busy', 'insecure'] as const;

function CameraStrip({ session }: { session: Session }) {
  const fault = told.find((each) => each === session.cameraFault.value) ?? 'other';
  return (
    <Strip tone="warn" icon={CameraOff} title={t(`camera.${fault}`)} urgent action={<Button bar onClick={() => void session.openOwn()}>{t('camera.retry')}</Button>}>
      {t(`camera.${fault}Fix`)}
    </Strip>
  );
}

function DeviceStrip({ session, name }: { session: Session; name: string }) {
  const answer = (allow: boolean) => void session.ask('allow_device', { allow });
  return (
    <div class="device-strip tone-warn" role="alert">
      <p><strong>{t('live.newDevice', { name })}</strong> {t('live.newDeviceLine')}</p>
      <Button bar onClick={() => answer(false)}>{t('live.refuse')}</Button>
      <Button bar kind="primary" data-testid="manager-allow-device" onClick={() => answer(true)}>{t('live.allow')}</Button>
    </div>
  );
}
