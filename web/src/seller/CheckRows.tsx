import { Camera, CameraOff, Check as Tick, Globe, Mic, MicOff, SignalHigh, SignalLow, SunMedium, TriangleAlert, X, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { soundLevel, type CameraError } from '../shared/camera';
import { language } from '../shared/i18n';
import { percent } from '../shared/times';
import { classes, Icon, Rich } from '../shared/ui';
import { browserOf } from './browser';
import type { Look } from './call/hint';
import { lensName } from './LensPick';
import { useDownlink, useNetwork } from './network';
import { t } from './text';
import type { Visit } from './visit';

type RowState = 'ok' | 'warn' | 'bad' | 'open' | 'busy';
type Row = { state: RowState; sub: string; fix?: string };

const fair = 300; // kbit/s below which the call has fewer pictures

type RowsProps = { visit: Visit; uplink: number; look: Look | null; onReady: (ready: number) => void };

/** The five things that have to work, each with what was found and, where it fails, the way to mend it in this browser. */
export function CheckRows({ visit, uplink, look, onReady }: RowsProps) {
  const fault = visit.cameraFault.value;
  const stream = visit.stream.value;
  const device = deviceRows(visit, stream, fault);
  const network = useNetworkRow(visit, uplink);
  const light = lightRow(stream, look);
  const ready = [...Object.values(device), network, light].filter((row) => row.state === 'ok').length;
  useEffect(() => onReady(ready), [ready]);
  return (
    <ul class="card rows">
      <OneRow icon={Globe} name={t('check.browser')} row={device.browser} testid="browser" fault={fault} />
      <OneRow icon={device.camera.state === 'bad' ? CameraOff : Camera} name={t('check.camera')} row={device.camera} testid="camera" fault={fault} />
      <OneRow icon={device.microphone.state === 'bad' ? MicOff : Mic} name={t('check.microphone')} row={device.microphone} testid="microphone" fault={fault}>
        {stream && <Level stream={stream} />}
      </OneRow>
      <OneRow icon={network.state === 'warn' || network.state === 'bad' ? SignalLow : SignalHigh} name={t('check.network')} row={network} testid="network" />
      <OneRow icon={SunMedium} name={t('check.light')} row={light} testid="light" />
    </ul>
  );
}

function deviceRows(visit: Visit, stream: MediaStream | null, fault: CameraError | null): Record<'browser' | 'camera' | 'microphone', Row> {
  const open: Row = { state: 'open', sub: t('check.waiting') };
  const browser: Row = { state: 'ok', sub: t('check.browserOk') };
  if (!fault) {
    const works: Row = stream ? { state: 'ok', sub: '' } : open;
    return { browser, camera: stream ? { ...works, sub: cameraWords(visit, stream) } : open, microphone: works };
  }
  const bad: Row = { state: 'bad', sub: t(`check.fault.${fault.fault}`), fix: fixText(fault) };
  if (fault.fault === 'insecure' || fault.fault === 'unsupported') return { browser: bad, camera: open, microphone: open };
  return fault.device === 'microphone' ? { browser, camera: open, microphone: bad } : { browser, camera: bad, microphone: open };
}

function useNetworkRow(visit: Visit, uplink: number): Row {
  const network = useNetwork(visit.media);
  const status = visit.media.status.value;
  const downlink = useDownlink(uplink > 0);
  if (visit.media.fault.value) return { state: 'bad', sub: visit.media.fault.value.message, fix: t('check.fix.networkBad') };
  if (status === 'lost') return { state: 'bad', sub: t('check.networkBad'), fix: t('check.fix.networkBad') };
  if (status === 'off') return { state: 'open', sub: t('check.waiting') };
  if (!uplink || !network) return { state: 'busy', sub: t('check.networkMeasuring') };
  const rate = rateWords(uplink);
  const down = downlink ? ` · ${t('check.down', { rate: rateWords(downlink) })}` : '';
  if (uplink < fair) return { state: 'warn', sub: t('check.networkWarn', { rate }) + down, fix: t('check.fix.network') };
  if (downlink && downlink < fair) return { state: 'warn', sub: t('check.networkWarnDown', { rate: rateWords(downlink) }), fix: t('check.fix.network') };
  return { state: 'ok', sub: t('check.networkOk', { rate, rtt: network.rtt, loss: percent(network.loss) }) + down };
}

function rateWords(kbps: number): string {
  return t('waiting.rate', { mbits: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(kbps / 1000) });
}

function lightRow(stream: MediaStream | null, look: Look | null): Row {
  if (!stream || !look) return { state: stream ? 'busy' : 'open', sub: t('check.waiting') };
  return look.cause === 'dark' ? { state: 'warn', sub: t('check.lightBad'), fix: t('check.fix.light') } : { state: 'ok', sub: t('check.lightOk') };
}

function cameraWords(visit: Visit, stream: MediaStream): string {
  const track = stream.getVideoTracks()[0];
  if (!track) return '';
  const { width = 0, height = 0, facingMode, deviceId } = track.getSettings();
  const lens = visit.lenses.all.value.find((each) => each.id === deviceId);
  const side = facingMode === 'user' ? t('check.front') : facingMode === 'environment' ? t('check.rear') : '';
  return t('check.cameraOk', { name: (lens && lensName(lens)) || side || t('check.camera'), width, height });
}

type OneRowProps = { icon: LucideIcon; name: string; row: Row; testid: string; fault?: CameraError | null; children?: ComponentChildren };

function OneRow({ icon, name, row, testid, fault, children }: OneRowProps) {
  const { state, sub, fix } = row;
  const marks = { ok: Tick, warn: TriangleAlert, bad: X } as const;
  const words = { ok: 'ok', warn: 'warn', bad: 'failed' } as const;
  return (
    <li class={classes('row', state === 'bad' && 'bad', state === 'warn' && 'warn')} data-testid={`check-${testid}`} data-state={state}>
      <Icon of={icon} size={24} class="row-icon" />
      <div class="row-text">
        <h2 class="strong">{name}</h2>
        {sub && <p class="sub figures">{sub}</p>}
        {fix && <Fix text={fix} testid={fault && state === 'bad' ? `seller-fix-${fault.fault}` : `seller-fix-${testid}`} />}
        {children}
      </div>
      {state === 'busy' ? (
        <span class="ring row-ring" aria-hidden="true" />
      ) : state !== 'open' && (
        <span class={classes('row-mark', state !== 'ok' && state)}>
          <Icon of={marks[state]} size={16} />
          <span class="only-read">{t(`check.${words[state]}`)}</span>
        </span>
      )}
    </li>
  );
}

function Fix({ text, testid }: { text: string; testid: string }) {
  return (
    <ol class="fix" data-testid={testid}>
      {text.split('|').map((step, i) => (
        <li key={step}>
          <span class="fix-n">{i + 1}</span>
          <span><Rich text={step} /></span>
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
