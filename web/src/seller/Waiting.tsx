import { CircleCheck, Clock, IdCard, TriangleAlert, UserRound } from 'lucide-preact';
import { useState } from 'preact/hooks';
import type { State } from '../protocol';
import { clock } from '../shared/times';
import { Button, Icon, Rich, StreamVideo, Strip } from '../shared/ui';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { Visit } from './visit';

/** The waiting room. The media connect here already, so that the call starts at once. */
export function Waiting({ visit, state }: { visit: Visit; state: State }) {
  const [leaving, setLeaving] = useState(false);
  const name = state.peer?.name || t('peerNobody');
  const late = Date.now() > Date.parse(state.room.at);
  const leave = () => {
    setLeaving(true);
    void visit.leave().catch(() => setLeaving(false));
  };
  return (
    <Screen
      title={t('title.waiting')}
      testid="seller-waiting"
      class="waiting"
      dock={
        <>
          <Button wide busy={leaving} class="equal" data-testid="seller-leave-waiting" onClick={leave}>
            {t('waiting.leave')}
          </Button>
          <Comfort>{t('waiting.comfort')}</Comfort>
        </>
      }
    >
      <StreamVideo stream={visit.stream.value} muted class="waiting-video" data-testid="seller-self-video" aria-label={t('call.yourPicture')} />
      <div class="centred">
        <h1 class="title">{t('waiting.title')}</h1>
        <p class="lead">{t('waiting.lead', { name })}</p>
      </div>
      {visit.media.fault.value && (
        <Strip tone="danger" icon={TriangleAlert} title="" urgent>
          {visit.media.fault.value.message}
        </Strip>
      )}
      <ul class="card rows" aria-live="polite">
        <li class="row">
          <Icon of={Clock} size={24} class="row-icon" />
          <div class="row-text">
            <p>
              <Rich text={t('waiting.time', { time: clock(state.room.at) })} />
            </p>
            {late && <p class="sub">{t('waiting.late')}</p>}
          </div>
        </li>
        <li class="row">
          <Icon of={UserRound} size={24} class="row-icon" />
          <p class="row-text">{state.peer?.connected ? t('waiting.here', { name }) : t('waiting.away', { name })}</p>
        </li>
        <li class="row">
          <Connection visit={visit} />
        </li>
        <li class="row">
          <Icon of={IdCard} size={24} class="row-icon" />
          <div class="row-text">
            <h2 class="strong">{t('waiting.ready')}</h2>
            <p class="sub">{t('waiting.readyText')}</p>
          </div>
        </li>
      </ul>
      <p class="fine centred">{t('waiting.notRecorded')}</p>
    </Screen>
  );
}

function Connection({ visit }: { visit: Visit }) {
  const status = visit.media.status.value;
  if (status === 'connected') {
    return (
      <>
        <Icon of={CircleCheck} size={24} class="row-icon good" />
        <p class="row-text">{t('waiting.connected')}</p>
      </>
    );
  }
  return (
    <>
      <span class="row-icon">
        <span class="ring" aria-hidden="true" />
      </span>
      <p class="row-text">{status === 'lost' ? t('waiting.mediaLost') : t('waiting.connecting')}</p>
    </>
  );
}
