import { Camera, CameraOff, CircleCheck, Lock, ScanLine, SwitchCamera, TriangleAlert } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../protocol';
import { useNow } from '../shared/now';
import { Button, classes, Icon, StreamVideo } from '../shared/ui';
import { say } from './Announcer';
import { useLook, type Look } from './call/hint';
import { CheckRows } from './CheckRows';
import { Comfort, Screen } from './Screen';
import { LensPick } from './LensPick';
import { near } from './soon';
import { t } from './text';
import type { Visit } from './visit';

/** The rehearsal: own picture with "hold your ID here", and a row for each thing that has to work, with the way to mend it. */
export function Check({ visit, state }: { visit: Visit; state: State }) {
  const stream = visit.stream.value;
  const fault = visit.cameraFault.value;
  const box = useRef<HTMLElement>(null);
  const look = useLook(box, 'video', stream ? true : undefined);
  const [ready, setReady] = useState(0);
  const inCall = state.room.state !== 'booked' && state.room.state !== 'invited';
  useEffect(() => {
    if (fault) say(t(`check.fault.${fault.fault}`));
  }, [fault]);
  return (
    <Screen
      title={t('title.check')}
      heading={t('check.title')}
      back={inCall ? undefined : () => (visit.progress.value = 'welcome')}
      aside={<span class="figures">{t('check.ready', { count: ready })}</span>}
      dock={<Next visit={visit} state={state} inCall={inCall} />}
    >
      <h1 class="only-read">{t('title.check')}</h1>
      <figure ref={box} class={classes('preview', fault && !stream && 'low')}>
        {stream ? (
          <>
            <StreamVideo stream={stream} muted class="preview-video" data-testid="seller-preview" aria-label={t('check.picture')} />
            <span class={classes('preview-frame', look?.cause === '' && 'good')} aria-hidden="true">
              <span /><span /><span /><span />
            </span>
          </>
        ) : (
          <p class="preview-empty">
            <Icon of={fault ? CameraOff : Camera} size={24} />
            {visit.opening.value ? t('check.asking') : t('check.noPicture')}
          </p>
        )}
      </figure>
      {stream && (
        <div class="preview-line">
          <Held look={look} />
          <Flip visit={visit} />
        </div>
      )}
      {stream && <LensPick visit={visit} />}
      <p class="only-test">
        <Icon of={Lock} size={16} />
        {t('check.onlyTest')}
      </p>
      <CheckRows visit={visit} uplink={state.you.uplink} look={look} onReady={setReady} />
    </Screen>
  );
}

/** Whether the ID can be read in its frame; under the picture, so that nothing lies over the document. */
function Held({ look }: { look: Look | null }) {
  const good = look?.cause === '';
  const away = !look || look.cause === 'small' || look.cause === 'cropped';
  return (
    <p class={classes('preview-hint', good && 'good', !good && !away && 'warn')} role="status" data-testid="seller-held" data-hint={look?.cause ?? 'none'}>
      <Icon of={good ? CircleCheck : away ? ScanLine : TriangleAlert} size={20} />
      <span>{good ? t('check.readable') : away ? t('check.hold') : t(`call.hint.${look.cause as 'dark'}`)}</span>
    </p>
  );
}

function Flip({ visit }: { visit: Visit }) {
  if (!visit.lenses.flips.value) return null;
  return (
    <button type="button" class="preview-flip" aria-label={t('check.flip')} title={t('check.flip')} onClick={() => void visit.flip()}>
      <Icon of={SwitchCamera} size={22} />
    </button>
  );
}

function Next({ visit, state, inCall }: { visit: Visit; state: State; inCall: boolean }) {
  const fault = visit.cameraFault.value;
  const stream = visit.stream.value;
  const hopeless = fault?.fault === 'insecure' || fault?.fault === 'unsupported';
  const soon = near(state.room.at, useNow(15_000));
  const go = () => {
    visit.keepRehearsed();
    visit.progress.value = soon ? 'consent' : 'welcome';
  };
  return (
    <>
      {stream && !fault ? (
        <Button kind="primary" wide data-testid="seller-camera-ok" onClick={go} locked={inCall}>
          {soon ? t('check.go') : t('check.goLater')}
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
