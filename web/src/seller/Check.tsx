import { Camera, CameraOff, Check as Tick, Globe, Lock, Mic, MicOff, X, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { soundLevel, type CameraError } from '../shared/camera';
import { Button, classes, Icon, Rich, StreamVideo } from '../shared/ui';
import { say } from './Announcer';
import { browserOf } from './browser';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { Visit } from './visit';

type RowState = 'ok' | 'bad' | 'open';

/** Camera and microphone test: own picture, sound level, and for what fails the way to mend it. */
export function Check({ visit, inCall }: { visit: Visit; inCall: boolean }) {
  const stream = visit.stream.value;
  const fault = visit.cameraFault.value;
  const opening = visit.opening.value;
  const states = rowStates(stream, fault);
  const ready = Object.values(states).filter((state) => state === 'ok').length;
  useEffect(() => {
    if (fault) say(t(`check.fault.${fault.fault}`));
  }, [fault]);
  return (
    <Screen
      title={t('title.check')}
      heading={t('check.title')}
      back={inCall ? undefined : () => (visit.progress.value = 'welcome')}
      aside={t('check.ready', { count: ready })}
      dock={<Next visit={visit} inCall={inCall} />}
    >
      <h1 class="only-read">{t('title.check')}</h1>
      <figure class={classes('preview', fault && !stream && 'low')}>
        {stream ? (
          <StreamVideo stream={stream} muted class="preview-video" data-testid="seller-preview" aria-label={t('check.picture')} />
        ) : (
          <p class="preview-empty">
            <Icon of={fault ? CameraOff : Camera} size={24} />
            {opening ? t('check.asking') : t('check.noPicture')}
          </p>
        )}
      </figure>
      <p class="only-test">
        <Icon of={Lock} size={16} />
        {t('check.onlyTest')}
      </p>
      <ul class="card rows">
        <Row icon={Globe} name={t('check.browser')} state={states.browser} sub={t('check.browserOk')} fault={fault} />
        <Row icon={states.camera === 'bad' ? CameraOff : Camera} name={t('check.camera')} state={states.camera} sub={cameraWords(stream)} fault={fault} />
        <Row icon={states.microphone === 'bad' ? MicOff : Mic} name={t('check.microphone')} state={states.microphone} fault={fault}>
          {stream && <Level stream={stream} />}
        </Row>
      </ul>
    </Screen>
  );
}

function Next({ visit, inCall }: { visit: Visit; inCall: boolean }) {
  const fault = visit.cameraFault.value;
  const stream = visit.stream.value;
  const hopeless = fault?.fault === 'insecure' || fault?.fault === 'unsupported';
  return (
    <>
      {stream && !fault ? (
        <Button kind="primary" wide data-testid="seller-camera-ok" onClick={() => (visit.progress.value = 'consent')} locked={inCall}>
          {t('check.go')}
        </Button>
      ) : (
        <Button
          kind="primary"
          wide
          busy={visit.opening.value}
          data-testid="seller-camera-again"
          onClick={() => (hopeless ? location.reload() : void visit.openCamera())}
        >
          {visit.opening.value ? t('check.opening') : hopeless ? t('check.reload') : t('check.again')}
        </Button>
      )}
      <Comfort>{hopeless ? t('check.comfortHopeless') : fault ? t('check.comfortBad') : t('check.comfortOk')}</Comfort>
    </>
  );
}

function rowStates(stream: MediaStream | null, fault: CameraError | null): Record<'browser' | 'camera' | 'microphone', RowState> {
  if (!fault) {
    const state = stream ? 'ok' : 'open';
    return { browser: 'ok', camera: state, microphone: state };
  }
  if (fault.fault === 'insecure' || fault.fault === 'unsupported') return { browser: 'bad', camera: 'open', microphone: 'open' };
  return {
    browser: 'ok',
    camera: fault.device === 'microphone' ? 'open' : 'bad',
    microphone: fault.device === 'microphone' ? 'bad' : 'open',
  };
}

function cameraWords(stream: MediaStream | null): string {
  const track = stream?.getVideoTracks()[0];
  if (!track) return '';
  const { width = 0, height = 0 } = track.getSettings();
  return t('check.cameraOk', { name: track.label || t('check.camera'), width, height });
}

type RowProps = { icon: LucideIcon; name: string; state: RowState; sub?: string; fault: CameraError | null; children?: ComponentChildren };

function Row({ icon, name, state, sub, fault, children }: RowProps) {
  const bad = state === 'bad';
  return (
    <li class={bad ? 'row bad' : 'row'}>
      <Icon of={icon} size={24} class="row-icon" />
      <div class="row-text">
        <h2 class="strong">{name}</h2>
        {bad && fault ? <p class="sub">{t(`check.fault.${fault.fault}`)}</p> : <p class="sub">{state === 'open' ? t('check.waiting') : sub}</p>}
        {bad && fault && <Fix fault={fault} />}
        {children}
      </div>
      {state !== 'open' && (
        <span class={bad ? 'row-mark bad' : 'row-mark'}>
          <Icon of={bad ? X : Tick} size={16} />
          <span class="only-read">{bad ? t('check.failed') : t('check.ok')}</span>
        </span>
      )}
    </li>
  );
}

function Fix({ fault }: { fault: CameraError }) {
  return (
    <ol class="fix" data-testid={`seller-fix-${fault.fault}`}>
      {fixText(fault)
        .split('|')
        .map((step, i) => (
          <li key={step}>
            <span class="fix-n">{i + 1}</span>
            <span>
              <Rich text={step} />
            </span>
          </li>
        ))}
    </ol>
  );
}

function fixText({ fault, device }: CameraError): string {
  const browser = browserOf(navigator.userAgent);
  if (browser === 'inapp' && fault !== 'insecure') return t('check.fix.inapp');
  if (fault === 'denied' && browser !== 'inapp') {
    return t(`check.fix.denied.${browser}`, { device: t(`check.device.${device}`) });
  }
  return t(`check.fix.${fault === 'denied' ? 'inapp' : fault}`, { device: t(`check.deviceWord.${device}`) });
}

/** The microphone's loudness as a bar; says in words once something was heard. */
function Level({ stream }: { stream: MediaStream }) {
  const bar = useRef<HTMLSpanElement>(null);
  const [heard, setHeard] = useState(false);
  useEffect(
    () =>
      soundLevel(stream, (level) => {
        bar.current?.style.setProperty('--level', level.toFixed(3));
        if (level > 0.25) setHeard(true);
      }),
    [stream],
  );
  return (
    <>
      <p class="sub">{heard ? t('check.microphoneHeard') : t('check.microphoneOk')}</p>
      <span class="level" aria-hidden="true">
        <span ref={bar} class="level-bar" />
      </span>
    </>
  );
}
