import { useEffect } from 'preact/hooks';
import { UserRoundCheck } from 'lucide-preact';
import { onLink } from '../../shared/route';
import { Strip } from '../../shared/ui';
import { t } from '../text';
import type { OwnDesk } from './useDesk';
import './desk.css';

/** turnOf is the room that the queue has given to this manager and whose call has not begun. */
export function turnOf(desk: OwnDesk): string | undefined {
  return desk.now?.turn ? desk.now.room : undefined;
}

/** The queue has given a seller to this manager; the way to the room, unless it is the one that is shown. */
export function Turn({ room, shown }: { room: string | undefined; shown: boolean }) {
  useEffect(() => {
    if (!room) return;
    const before = document.title;
    document.title = `● ${t('desk.turn')}`;
    return () => void (document.title = before);
  }, [room]);
  if (!room) return null;
  return (
    <div class="desk-turn" data-testid="desk-turn" data-room={room}>
      <Strip tone="accent" icon={UserRoundCheck} title={t('desk.turn')} urgent action={!shown && <a class="button primary bar" href={`/manager/room/${room}`} data-testid="desk-open" onClick={onLink}>{t('desk.open')}</a>}>
        {t('desk.turnLine')}
      </Strip>
    </div>
  );
}
