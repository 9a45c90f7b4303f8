import { Info, LayoutGrid, TriangleAlert, WifiOff } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { language } from '../shared/i18n';
import { useLoad } from '../shared/load';
import { useNow } from '../shared/now';
import { Blank } from '../shared/staff';
import { city, clockSeconds, day, span } from '../shared/times';
import { Button, Icon, Strip, classes } from '../shared/ui';
import { wall, type CallNow, type Me, type WallNow } from './api';
import { Chart } from './Chart';
import { Find } from './Find';
import { Frame } from './Frame';
import { standingOf, standings, worstFirst } from './order';
import { Side } from './Side';
import { t, word } from './text';
import { Tile } from './Tile';

const refresh = 2000; // ms
const stale = 10_000; // ms after which figures are called old
const kept = 60; // looks that a sparkline shows

/** The live wall: what every call, seller, manager and node does now. */
export function Wall({ me }: { me: Me }) {
  const look = useLoad('wall', wall, refresh);
  const now = useNow();
  const rates = useRates(look.value);
  useEffect(() => {
    document.title = `${t('live')} · ${t('brand')}`;
  }, []);
  const old = look.at > 0 && now - look.at > stale;
  const bar = (
    <>
      <p class="quiet figures">{day(new Date(now), me.zone)}, {clockSeconds(new Date(now), me.zone)} {city(me.zone)}</p>
      {look.value && !old && <p class="updated"><span class="dot" />{t('updated', { time: clockSeconds(new Date(look.at), me.zone) })}</p>}
      <span class="grow" />
      <Find now={look.value} />
    </>
  );
  return (
    <Frame me={me} at="/operate" title={t('live')} bar={bar}>
      {look.value ? (
        <>
          <Figures now={look.value} />
          <main class="wall" aria-busy={old}>
            {old && <Strip tone="warn" icon={WifiOff} title={t('old', { time: clockSeconds(new Date(look.at), me.zone) })} urgent>{t('oldLine')}</Strip>}
            <Alarms now={look.value} />
            <Calls now={look.value} rates={rates} at={now} />
            <p class="wall-privacy"><Icon of={Info} size={14} /> {t('privacy')}</p>
            <Chart spans={look.value.spans} now={Date.parse(look.value.now)} zone={me.zone} />
          </main>
          <Side now={look.value} at={now} zone={me.zone} />
        </>
      ) : look.fault ? (
        <main class="wall wall-whole"><Blank icon={WifiOff} title={t('failed')} line={look.fault.message} tone="danger"><Button onClick={look.reload}>{t('retry')}</Button></Blank></main>
      ) : (
        <main class="wall wall-whole" aria-busy="true"><span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" /></main>
      )}
    </Frame>
  );
}

/** The last rates of each call; those of a call that is over are forgotten. */
function useRates(now: WallNow | undefined): Map<string, number[]> {
  const rates = useRef(new Map<string, number[]>());
  useEffect(() => {
    if (!now) return;
    const next = new Map<string, number[]>();
    for (const call of now.calls) if (call.figures) next.set(call.room, [...(rates.current.get(call.room) ?? []), call.kbps].slice(-kept));
    rates.current = next;
  }, [now]);
  return rates.current;
}

function Figures({ now }: { now: WallNow }) {
  const failing = now.calls.filter((call) => call.failing).length;
  const draining = now.nodes.filter((node) => node.draining).length;
  const longest = now.waiting[0] ? span(Date.parse(now.now) - Date.parse(now.waiting[0].since)) : '';
  const busy = now.managers.filter((manager) => manager.room).length;
  const missed = Object.values(now.noShows).reduce((sum, n) => sum + n, 0);
  const all: [name: string, value: number, line: string, bad?: boolean][] = [
    [t('figure.calls'), now.calls.length, t('figure.callsLine', { count: now.spans.length })],
    [t('figure.waiting'), now.waiting.length, longest ? t('figure.waitingLine', { time: longest }) : t('figure.waitingNone')],
    [t('figure.managers'), now.managers.length, t('figure.managersLine', { busy })],
    [t('figure.failing'), failing, failing ? t('figure.failingLine') : t('figure.failingNone'), failing > 0],
    [t('figure.nodes'), now.nodes.length, draining ? t('figure.nodesLine', { count: draining }) : t('figure.nodesNone')],
    [t('figure.noShows'), missed, t('figure.noShowsLine', { count: now.booked })],
  ];
  return (
    <section class="wall-figures-box" aria-label={t('calls')}><dl class="wall-figures" data-testid="wall-figures">
      {all.map(([name, value, line, bad]) => (
        <div key={name} class={classes(bad && 'bad')}>
          <dt>{name}</dt>
          <dd><b class="figures">{value}</b> <span>{line}</span></dd>
        </div>
      ))}
    </dl></section>
  );
}

function Alarms({ now }: { now: WallNow }) {
  const name = (id: string) => now.managers.find((manager) => manager.id === id)?.name ?? id;
  const gigabytes = (bytes: number) => (bytes / 1e9).toLocaleString(language, { maximumFractionDigits: 1 });
  return (
    <>
      {now.spool.alarm && (
        <section class="alarm" role="alert" data-testid="wall-spool">
          <Icon of={TriangleAlert} size={20} />
          <div>
            <h2>{t(`spool.${now.spool.alarm}`)}</h2>
            <p>
              {t('spool.line', { bytes: gigabytes(now.spool.bytes), limit: gigabytes(now.spool.limit) })}{' '}
              {now.spool.behind > 0 && `${t('spool.behindLine', { time: span(now.spool.behind * 1000) })} `}
              {t('spool.remedy')}
            </p>
          </div>
        </section>
      )}
      {now.calls.filter((call) => call.failing).map((call) => (
        <section class="alarm" role="alert" key={call.room} data-testid="wall-alarm">
          <Icon of={TriangleAlert} size={20} />
          <div>
            <h2>{t('alarm', { room: call.room })}</h2>
            <p>{t('alarmLine', { cause: word('failing', call.failing), name: name(call.manager) })} {t('remedy')}</p>
          </div>
        </section>
      ))}
    </>
  );
}

function Calls({ now, rates, at }: { now: WallNow; rates: Map<string, number[]>; at: number }) {
  const count = (standing: string) => now.calls.filter((call: CallNow) => standingOf(call) === standing).length;
  return (
    <section>
      <header class="wall-head">
        <h2>{t('calls')} <span class="quiet">{t('worstFirst')}</span></h2>
        <ul class="legend">
          {standings.map((standing) => <li class={`is-${standing}`} key={standing}><span class="dot" />{t(`legend.${standing}`, { count: count(standing) })}</li>)}
        </ul>
      </header>
      {now.calls.length ? (
        <ul class="tiles">
          {worstFirst(now.calls).map((call) => <Tile call={call} rates={rates.get(call.room) ?? []} manager={now.managers.find((m) => m.id === call.manager)?.name ?? call.manager} now={at} key={call.room} />)}
        </ul>
      ) : (
        <div class="card no-calls"><Blank icon={LayoutGrid} title={t('noCalls')} line={t('noCallsLine')} /></div>
      )}
    </section>
  );
}
