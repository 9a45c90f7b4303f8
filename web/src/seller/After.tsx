import {
  Ban,
  CalendarX,
  CircleSlash,
  Globe,
  HandHeart,
  Hourglass,
  Link2Off,
  LogIn,
  Monitor,
  ShieldQuestion,
  Signpost,
  TriangleAlert,
  WifiOff,
  type LucideIcon,
} from 'lucide-preact';
import type { State } from '../protocol';
import { t as tCommon } from '../shared/i18n';
import { Button, Icon } from '../shared/ui';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { EndKind } from './view';

/** The call is over, the result is not there yet; the page changes by itself. */
export function Ended({ state }: { state: State }) {
  return (
    <Screen title={t('title.ended')} testid="seller-ended" class="quiet" dock={<Comfort>{t('ended.comfort')}</Comfort>}>
      <span class="sign tone-ok">
        <Icon of={HandHeart} size={32} />
      </span>
      <h1 class="title">{t('ended.title')}</h1>
      <p class="lead">{t('ended.lead', { name: state.peer?.name || t('peerNobody') })}</p>
      <p class="sub">{t('ended.recordingOver')}</p>
    </Screen>
  );
}

const signs: Record<EndKind, [LucideIcon, string]> = {
  declined: [HandHeart, 'tone-accent'],
  withdrawn: [HandHeart, 'tone-accent'],
  aborted: [CircleSlash, 'tone-warn'],
  cancelled: [CalendarX, 'tone-warn'],
  no_show: [CalendarX, 'tone-warn'],
  expired: [Hourglass, 'tone-warn'],
  purged: [ShieldQuestion, 'tone-accent'],
  link_expired: [Hourglass, 'tone-warn'],
  link_unknown: [Link2Off, 'tone-warn'],
  room_cancelled: [CalendarX, 'tone-warn'],
  unauthorized: [LogIn, 'tone-accent'],
  forbidden: [Ban, 'tone-warn'],
  replacedTab: [Monitor, 'tone-accent'],
  replacedDevice: [Monitor, 'tone-accent'],
  needs_allow: [Hourglass, 'tone-accent'],
  browser: [Globe, 'tone-warn'],
  network: [WifiOff, 'tone-warn'],
  other: [TriangleAlert, 'tone-warn'],
};

const actions: Partial<Record<EndKind, () => string>> = {
  replacedTab: () => t('end.replacedTab.action'),
  replacedDevice: () => t('end.replacedDevice.action'),
  forbidden: () => tCommon('tryAgain'),
  network: () => tCommon('tryAgain'),
  other: () => tCommon('tryAgain'),
};

/** An end or a refusal: what happened, what is kept, what next. */
export function End({ kind, message, code, act }: { kind: EndKind; message?: string | undefined; code?: string | undefined; act: () => void }) {
  const [icon, tone] = signs[kind];
  const action = actions[kind]?.();
  const next = t(`end.${kind}.next`);
  return (
    <Screen
      title={t(`end.${kind}.title`)}
      testid={`seller-end-${kind}`}
      class="quiet"
      dock={
        action && (
          <Button kind="primary" wide data-testid="seller-again" onClick={act}>
            {action}
          </Button>
        )
      }
    >
      <span class={`sign ${tone}`}>
        {kind === 'needs_allow' ? <span class="ring" aria-hidden="true" /> : <Icon of={icon} size={32} />}
      </span>
      <h1 class="title">{t(`end.${kind}.title`)}</h1>
      <p class="lead">{t(`end.${kind}.text`, { message: message ?? '' })}</p>
      {next && (
        <p class="card fact-row">
          <Icon of={Signpost} size={24} />
          <span>{next}</span>
        </p>
      )}
      {code && <p class="fine">{tCommon('code', { code })}</p>}
    </Screen>
  );
}
