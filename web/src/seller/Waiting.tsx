import { CircleCheck, Clock, IdCard, TriangleAlert, UserRound } from 'lucide-preact';
import { useState } from 'preact/hooks';
import type { State } from '../protocol';
import { language } from '../shared/i18n';
import { useNow } from '../shared/now';
import { clock } from '../shared/times';
import { Button, Icon, Rich, StreamVideo, Strip } from '../shared/ui';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { Visit } from './visit';

/** The waiting room. The media connect here already, so that the call starts at once. */
export function Waiting({ visit, state }: { visit: Visit; state: State }) {
  const [leaving, setLeaving] = useState(false);
  const name = state.peer?.name || t('peerNobody');
  const late = useNow(15_000) > Date.parse(state.room.at);
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
            <p class="strong">
              <Rich text={t('waiting.time', { time: clock(state.room.at) })} />
            </p>
            {late && <p class="sub">{t('waiting.late')}</p>}
          </div>
        </li>
        <li class="row">
          <Icon of={UserRound} size={24} class="row-icon" />
          <p class="row-text strong">{state.peer?.connected ? t('waiting.here', { name }) : t('waiting.away', { name })}</p>
        </li>
        <li class="row">
          <Connection visit={visit} uplink={state.you.uplink} />
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

/** What counts as good and as slow, kbit/s. */
const good = 1100;
const fair = 300;

function Connection({ visit, uplink }: { visit: Visit; uplink: number }) {
  const status = visit.media.status.value;
  if (status === 'connected') {
    return (
      <>
        <Icon of={CircleCheck} size={24} class="row-icon good" />
        <div class="row-text">
          <p class="strong">{t('waiting.connected')}</p>
          <p class="sub" data-testid="seller-uplink" data-kbps={uplink}>
            {uplink ? uplinkWords(uplink) : t('waiting.measuring')}
          </p>
        </div>
      </>
    );
  }
  return (
    <>
      <span class="row-icon">
        <span class="ring" aria-hidden="true" />
      </span>
      <p class="row-text strong">{status === 'lost' ? t('waiting.mediaLost') : t('waiting.connecting')}</p>
    </>
  );
}

function uplinkWords(kbps: number): string {
  const mbits = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(kbps / 1000);
  const how = kbps >= good ? 'good' : kbps >= fair ? 'fair' : 'poor';
  return t(`waiting.uplink_${how}`, { rate: t('waiting.rate', { mbits }) });
}
