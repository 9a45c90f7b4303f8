import { CalendarX } from 'lucide-preact';
import { useLoad } from '../../shared/load';
import { clock } from '../../shared/times';
import { Strip } from '../../shared/ui';
import { availability, rooms } from '../api';
import { t } from '../text';

const taken = new Set(['booked', 'waiting', 'live', 'interrupted']);

/** Says that a time falls upon another call of the manager's. It keeps nobody from taking it. */
export function Clash({ at, zone, except }: { at: Date; zone: string; except?: string }) {
  const start = at.getTime();
  const terms = useLoad('availability', availability);
  const length = (terms.value?.length ?? 0) * 60_000;
  const near = useLoad(`clash ${start} ${length}`, async (signal) =>
    length && start >= Date.now() ? await rooms(new Date(start - length + 1), new Date(start + length), signal) : []);
  const other = near.value?.find((room) => room.id !== except && taken.has(room.state));
  if (!other) return null;
  return (
    <div data-testid="manager-clash">
      <Strip tone="warn" icon={CalendarX} title={t('newRoom.clash')}>{t('newRoom.clashWith', { name: other.sellerName, time: clock(other.at, zone) })}</Strip>
    </div>
  );
}
