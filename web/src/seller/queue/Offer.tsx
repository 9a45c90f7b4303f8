import { ChevronRight, UsersRound } from 'lucide-preact';
import { useLoad } from '../../shared/load';
import { clock } from '../../shared/times';
import { Icon } from '../../shared/ui';
import { t } from '../text';
import { place } from './api';
import { waitWords } from './wait';
import './queue.css';

/** Beside the times that can be booked: a call now, where somebody is there; or the way back to the own place. */
export function Offer({ onJoin }: { onJoin: () => void }) {
  const now = useLoad('queue', place, 15_000).value;
  if (!now || (!now.open && !now.joined)) return null;
  return (
    <button type="button" class="card fact-row bring queue-offer" data-testid="queue-offer" onClick={onJoin}>
      <Icon of={UsersRound} size={24} class="accent" />
      <span>
        <span class="strong">{now.joined ? t('queue.backTo') : t('queue.offer')}</span>
        <span class="sub figures">{now.joined && now.away ? t('queue.keptUntil', { time: clock(now.away) }) : t('queue.offerSub', { wait: now.break ? t('queue.waitBreak') : waitWords(now.minutes), place: now.place })}</span>
      </span>
      <Icon of={ChevronRight} size={20} class="bring-more" />
    </button>
  );
}
