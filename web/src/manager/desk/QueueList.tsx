import { language } from '../../shared/i18n';
import { useNow } from '../../shared/now';
import { languageName } from '../../shared/room';
import { span } from '../../shared/times';
import { Badge } from '../../shared/ui';
import { t } from '../text';
import type { OwnDesk } from './useDesk';
import './desk.css';

/** Who waits in the instant queue, the longest first; no names: whose turn it is, is told by the room. */
export function QueueList({ desk }: { desk: OwnDesk }) {
  const at = useNow(5000);
  const now = desk.now;
  const list = now?.waiting ?? [];
  return (
    <section class="queue-list" data-testid="queue-list" aria-label={t('desk.queue')}>
      <header>
        <h2>{t('desk.queue')}</h2>
        <span class="quiet figures" data-testid="queue-count" data-count={list.length}>{list.length ? t('desk.waiting', { count: list.length }) : ''}</span>
        <span class="grow" />
        {now && <span class="quiet">{now.status === 'online' ? (now.bar ? t(`desk.bar.${now.bar}`) : now.room ? t('desk.busy') : t('desk.free')) : t('desk.nobodySent')}</span>}
      </header>
      {list.length ? (
        <ol tabindex={0}>
          {list.map((who, i) => (
            <li key={who.room} class={who.yours ? undefined : 'not-yours'} data-testid="queue-row">
              <span class="quiet figures">{i + 1}</span>
              <span>{languageName(who.language, language)}</span>
              <code class="quiet">{who.room}</code>
              <span class="grow" />
              {who.away ? <Badge>{t('desk.away')}</Badge> : !who.yours && <Badge tone="line">{t('desk.notYours')}</Badge>}
              <span class="figures">{span(Math.max(0, at - Date.parse(who.since)))}</span>
            </li>
          ))}
        </ol>
      ) : (
        <p class="quiet">{t('desk.empty')}</p>
      )}
    </section>
  );
}
