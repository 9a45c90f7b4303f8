import { Camera, WifiOff } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../../protocol';
import { dressPage } from '../../shared/i18n';
import { useNow } from '../../shared/now';
import { span } from '../../shared/times';
import { Button, Dialog, Icon, RecDot } from '../../shared/ui';
import { say, warn } from '../Announcer';
import { t } from '../text';
import type { Visit } from '../visit';
import { Chat } from './Chat';
import { More } from './More';
import { Sheet } from './Sheet';
import { Stage } from './Stage';

type Open = 'chat' | 'withdraw' | 'leave' | 'more' | '';

/** The call: pictures, the recording pill that stops, the sheet with the one thing to do. */
export function Call({ visit, state }: { visit: Visit; state: State }) {
  const [open, setOpen] = useState<Open>('');
  useEffect(() => {
    if (!visit.asksLeave.value) return;
    setOpen('leave');
    visit.asksLeave.value = false;
  }, [visit.asksLeave.value]);
  const unread = useUnread(state, open === 'chat');
  useScreenAwake();
  useEffect(() => dressPage(t('title.page', { screen: t('title.call') })), []);
  const wasRecording = useRef(false);
  useEffect(() => {
    if (state.recording) warn(t('announce.recordingOn'));
    else if (wasRecording.current) warn(t('announce.recordingOff'));
    wasRecording.current = state.recording;
  }, [state.recording]);
  const close = () => setOpen('');
  return (
    <main class="call" id="content" data-testid="seller-call" data-step={state.step}>
      <Stage visit={visit} state={state}>
        <Reconnecting visit={visit} />
        {visit.done.value && <p class="call-strip" role="status" data-testid="seller-did"><Icon of={Camera} /><span>{t(`call.did.${visit.done.value}`, { name: state.peer?.name || t('peerNobody') })}</span></p>}
        {visit.photo.value && <p class="call-strip" role="status"><Icon of={Camera} /><span>{t(`call.photo.${visit.photo.value}`)}</span></p>}
      </Stage>
      <div class="call-top">
        <Recording state={state} onStop={() => setOpen('withdraw')} />
        <StepPill state={state} />
      </div>
      <Sheet visit={visit} state={state} unread={unread} onChat={() => setOpen('chat')} onLeave={() => setOpen('leave')} onMore={() => setOpen('more')} />
      {open === 'chat' && <Chat visit={visit} state={state} onClose={close} />}
      {open === 'more' && <More visit={visit} onLeave={() => setOpen('leave')} onClose={close} />}
      {open === 'withdraw' && <Ask about="withdraw" act={() => visit.withdraw()} onClose={close} />}
      {open === 'leave' && <Ask about="leaveAsk" act={() => visit.leave()} onClose={close} />}
    </main>
  );
}

function Recording({ state, onStop }: { state: State; onStop: () => void }) {
  const now = useNow(250);
  if (!state.recording) return <span class="call-pill">{t('call.notRecording')}</span>;
  const time = span(now - Date.parse(state.liveSince ?? new Date(now).toISOString()));
  return (
    <button type="button" class="call-pill recording" data-testid="seller-recording" aria-label={t('call.recordingHint', { time })} onClick={onStop}>
      <RecDot />
      <span class="figures">{t('call.recording', { time })}</span>
    </button>
  );
}

function StepPill({ state }: { state: State }) {
  const at = state.steps.findIndex((step) => step.step === state.step);
  if (at < 0) return null;
  return <span class="call-pill">{t('call.step', { n: at + 1, count: state.steps.length })}</span>;
}

/** While only the socket is away, or only the media: one line, the call goes on. */
function Reconnecting({ visit }: { visit: Visit }) {
  const socketAway = visit.socket.status.value !== 'open';
  const mediaAway = visit.media.status.value === 'lost';
  if (!socketAway && !mediaAway) return null;
  return (
    <p class="call-strip" role="status">
      <Icon of={WifiOff} />
      <span>{socketAway ? t('strip.socket') : t('strip.media')}</span>
    </p>
  );
}

function Ask({ about, act, onClose }: { about: 'withdraw' | 'leaveAsk'; act: () => Promise<void>; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState('');
  const yes = async () => {
    setBusy(true);
    try {
      await act();
      onClose();
    } catch (cause) {
      setBusy(false);
      setFailed(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <Dialog
      title={t(`call.${about}.title`)}
      onClose={onClose}
      actions={
        <>
          <Button kind="danger" wide busy={busy} data-testid={`seller-${about === 'withdraw' ? 'withdraw' : 'leave'}-yes`} onClick={() => void yes()}>
            {t(`call.${about}.yes`)}
          </Button>
          <Button wide class="equal" onClick={onClose}>
            {t(`call.${about}.no`)}
          </Button>
        </>
      }
    >
      <p>{t(`call.${about}.text`)}</p>
      {failed && (
        <p class="field-error" role="alert">
          {failed}
        </p>
      )}
    </Dialog>
  );
}

/** Lines of the other side since the chat was last open; each is also said. */
function useUnread(state: State, reading: boolean): number {
  const theirs = state.chat.filter((line) => line.from !== 'seller');
  const [seen, setSeen] = useState(theirs.length);
  const said = useRef(theirs.length);
  useEffect(() => {
    if (reading) setSeen(theirs.length);
    const line = theirs.at(-1);
    if (line && theirs.length > said.current) {
      say(t('announce.newChat', { name: state.peer?.name || t('peerNobody'), text: line.text }));
    }
    said.current = theirs.length;
  }, [reading, theirs.length]);
  return reading ? 0 : Math.max(0, theirs.length - seen);
}

/** A phone that sleeps loses the call; where the browser can't keep it awake, it sleeps as it would. */
function useScreenAwake(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    const ask = () => {
      if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
      navigator.wakeLock.request('screen').then(
        (got) => (lock = got),
        () => undefined,
      );
    };
    ask();
    document.addEventListener('visibilitychange', ask);
    return () => {
      document.removeEventListener('visibilitychange', ask);
      void lock?.release();
    };
  }, []);
}
