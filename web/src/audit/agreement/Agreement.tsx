import { ChartNoAxesColumn, Info, WifiOff } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { language } from '../../shared/i18n';
import { useLoad } from '../../shared/load';
import { Blank } from '../../shared/staff';
import { percent } from '../../shared/times';
import { Button, Icon, Strip } from '../../shared/ui';
import { dayStart, instantOf } from '../../shared/walltime';
import { agreement, type Agreement, type Me } from '../api';
import { Frame, useKeysDialog } from '../Frame';
import { t, word } from '../text';
import { Bars, Weeks } from './Plot';
import './agreement.css';

const verdicts = ['pass', 'recapture', 'fail'] as const;
const kappaLeast = 10; // blind reviews, as the server wants them

/** How auditors and account managers agree, as figures and plots. */
export function AgreementPage({ me }: { me: Me }) {
  const [keys, setKeys] = useKeysDialog();
  const [ask, setAsk] = useState({ from: '', to: '', manager: '' });
  const instant = (day: string, days: number) => (day ? dayStart(instantOf(`${day}T12:00`, me.zone), me.zone, days).toISOString() : '');
  const query = { from: instant(ask.from, 0), to: instant(ask.to, 1), manager: ask.manager };
  const look = useLoad(JSON.stringify(query), (signal) => agreement(query, signal), 60_000);
  useEffect(() => {
    document.title = `${t('agree.title')} · ${t('brand')}`;
  }, []);
  const found = look.value;
  const [known, setKnown] = useState<[id: string, name: string][]>([]);
  useEffect(() => {
    if (found && !ask.manager) setKnown(found.managers.map(({ name }) => [name, found.names[name] ?? name]));
  }, [found, ask.manager]);
  return (
    <Frame me={me} at="/audit/agreement" keysOpen={keys} onKeys={setKeys}>
      <div class="agreement">
        <header class="audit-bar"><h1>{t('agree.title')}</h1></header>
        <div class="filters" role="search" aria-label={t('list.filters')}>
          <label class="filter"><span>{t('agree.from')}</span><input type="date" max={ask.to || undefined} data-testid="agree-from" value={ask.from} onChange={(event) => setAsk({ ...ask, from: event.currentTarget.value })} /></label>
          <label class="filter"><span>{t('agree.to')}</span><input type="date" min={ask.from || undefined} data-testid="agree-to" value={ask.to} onChange={(event) => setAsk({ ...ask, to: event.currentTarget.value })} /></label>
          <label class="filter"><span>{t('agree.manager')}</span><select value={ask.manager} onChange={(event) => setAsk({ ...ask, manager: event.currentTarget.value })}><option value="">{t('list.any')}</option>{known.map(([id, name]) => <option value={id} key={id}>{name}</option>)}</select></label>
        </div>
        <main class="agree-main" aria-busy={!found && !look.fault}>
          {found && look.fault && <Strip tone="warn" icon={WifiOff} title={t('agree.failed')} action={<Button kind="link" onClick={look.reload}>{t('list.retry')}</Button>}>{look.fault.message}</Strip>}
          {!found && look.fault && <Blank icon={WifiOff} title={t('agree.failed')} line={look.fault.message} tone="danger"><Button onClick={look.reload}>{t('list.retry')}</Button></Blank>}
          {!found && !look.fault && <><span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" /></>}
          {found && (found.of === 0 ? <Blank icon={ChartNoAxesColumn} title={t('agree.none')} line={t('agree.noneHint')} /> : <Found found={found} />)}
        </main>
      </div>
    </Frame>
  );
}

function Found({ found }: { found: Agreement }) {
  const name = (id: string) => found.names[id] ?? id;
  return (
    <>
      {!found.whole && <Strip tone="warn" icon={Info} title={t('agree.cut')} />}
      <dl class="agree-figures" data-testid="agree-figures" data-of={found.of} data-same={found.same}>
        <div><dt>{t('agree.rate')}</dt><dd><b class="figures">{percent(found.same / found.of)}</b> <span>{t('agree.interval', { low: Math.round(found.low * 100), high: Math.round(found.high * 100) })}</span></dd></div>
        <div><dt>{t('agree.kappa')}</dt><dd><b class="figures" data-testid="agree-kappa">{found.kappa === null ? '–' : found.kappa.toFixed(2)}</b> <span>{found.kappa === null ? t('agree.kappaNone', { count: kappaLeast }) : t(`agree.kappaWords.${kappaWord(found.kappa)}`)}</span></dd></div>
        <div><dt>{t('agree.cases')}</dt><dd><b class="figures">{found.of}</b> <span>{t('agree.blind', { count: found.blind })}</span></dd></div>
      </dl>
      <section class="card agree-weeks"><h2>{t('agree.weeks')}</h2><Weeks weeks={found.weeks} dayOf={dayMonth} /></section>
      <section class="card"><h2>{t('agree.matrix')}</h2><Matrix cells={found.cells} /></section>
      <section class="card"><h2>{t('agree.managers')}</h2><Bars rates={found.managers} nameOf={name} testid="agree-managers" /></section>
      <section class="card"><h2>{t('agree.reasons')}</h2><Bars rates={found.reasons.slice(0, 12)} nameOf={(code) => word('reason', code) || code} testid="agree-reasons" /></section>
      <section class="card"><h2>{t('agree.auditors')}</h2><Bars rates={found.auditors} nameOf={name} testid="agree-auditors" /></section>
      <p class="quiet agree-line"><Icon of={Info} size={14} /> {t('agree.line')}</p>
    </>
  );
}

/** "2 Nov" of a date. */
function dayMonth(day: string): string {
  return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`));
}

/** Verdicts down, decisions across. */
function Matrix({ cells }: { cells: Agreement['cells'] }) {
  const count = (verdict: string, outcome: string) => cells.find((cell) => cell.verdict === verdict && cell.outcome === outcome)?.count ?? 0;
  return (
    <table class="matrix">
      <thead><tr><th scope="col"><span class="quiet">{t('agree.verdict')} ↓ {t('agree.decision')} →</span></th>{verdicts.map((outcome) => <th scope="col" key={outcome}>{word('verdict', outcome)}</th>)}</tr></thead>
      <tbody>
        {verdicts.map((verdict) => (
          <tr key={verdict}>
            <th scope="row">{word('verdict', verdict)}</th>
            {verdicts.map((outcome) => <td class={verdict === outcome ? 'agrees figures' : 'figures'} data-some={count(verdict, outcome) > 0} key={outcome}>{count(verdict, outcome)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The customary words for κ (Landis and Koch, Biometrics 33, 1977). */
function kappaWord(kappa: number): 'poor' | 'slight' | 'fair' | 'moderate' | 'good' | 'great' {
  if (kappa <= 0) return 'poor';
  if (kappa <= 0.2) return 'slight';
  if (kappa <= 0.4) return 'fair';
  if (kappa <= 0.6) return 'moderate';
  return kappa <= 0.8 ? 'good' : 'great';
}
