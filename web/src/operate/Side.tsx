import { language } from '../shared/i18n';
import { languageName } from '../shared/room';
import { onLink } from '../shared/route';
import { clock, span } from '../shared/times';
import { Badge } from '../shared/ui';
import type { Manager, WallNow } from './api';
import { DrainButton } from './Drain';
import { t } from './text';

const soon = 14; // days before a certification's end that it is shown

/** The wall's side: who waits, the account managers, the nodes. */
export function Side({ now, at, zone }: { now: WallNow; at: number; zone: string }) {
  return (
    <aside class="wall-side">
      <section>
        <header><h2>{t('waitingTitle')}</h2><span class="quiet">{t('waitingHint')}</span></header>
        <ol>
          {now.waiting.map((who, i) => (
            <li key={who.room} data-testid="wall-waiting">
              <span class="quiet figures">{i + 1}</span>
              <code>{who.room}</code>
              <span>{languageName(who.language, language)}</span>
              <span class="side-what">{who.away ? t('away') : who.queued ? t('queued') : who.at ? t('bookedFor', { time: clock(who.at, zone) }) : ''}</span>
              <span class="figures">{span(at - Date.parse(who.since))}</span>
            </li>
          ))}
        </ol>
        {now.waiting.length === 0 && <p class="side-none">{t('nobodyWaits')}</p>}
      </section>
      <section>
        <header><h2>{t('managersTitle')}</h2><a href="/operate/managers" onClick={onLink}>{t('allManagers')}</a></header>
        <ul>
          {now.managers.map((manager) => (
            <li key={manager.id}>
              <span class="side-name"><b>{manager.name}</b> <span class="quiet">{manager.languages.map((tag) => languageName(tag, language)).join(', ')}</span></span>
              <Standing manager={manager} at={at} />
            </li>
          ))}
        </ul>
        {now.managers.length === 0 && <p class="side-none">{t('noManagers')}</p>}
      </section>
      <section>
        <header><h2>{t('nodesTitle')}</h2><span class="quiet figures">{t('redis', { ms: (now.redis / 1000).toFixed(1) })}</span></header>
        <ul>
          {now.nodes.map((node) => (
            <li key={node.id} class="side-node">
              <p>
                <span class={node.draining ? 'dot is-returning' : 'dot is-well'} />
                {node.id ? <code>{node.id.slice(0, 12)}</code> : <b>{t('alone')}</b>}
                {node.id && node.id === now.here && <span class="quiet">{t('here')}</span>}
                <span class="grow" />
                {node.draining && <Badge tone="accent">{t('draining')}</Badge>}
                <span class="figures">{t('nodeCalls', { count: node.load })}</span>
                <DrainButton node={node} />
              </p>
            </li>
          ))}
        </ul>
        <p class="side-none">{t('drainHint')}</p>
      </section>
    </aside>
  );
}

/** What an account manager does now. */
export function Standing({ manager, at }: { manager: Manager; at: number }) {
  if (manager.certified) {
    const days = Math.floor((Date.parse(`${manager.certified}T23:59:59Z`) - at) / 86400e3);
    if (days < 0) return <Badge tone="danger">{t('certificateOver')}</Badge>;
    if (days <= soon) return <Badge tone="warn">{t('certificate', { count: days })}</Badge>;
  }
  return manager.room ? <Badge tone="accent">{t('inCall', { room: manager.room })}</Badge> : manager.status === 'online' ? <Badge tone="ok">{t('free')}</Badge> : <Badge>{t(manager.status === 'break' ? 'onBreak' : 'offline')}</Badge>;
}
