import { EyeOff, Flag } from 'lucide-preact';
import { language } from '../../shared/i18n';
import { languageName } from '../../shared/room';
import { onLink } from '../../shared/route';
import { VerdictBadge } from '../../shared/staff';
import { clock, day, place, span } from '../../shared/times';
import { Badge } from '../../shared/ui';
import { AgreeCard } from '../agreement/Card';
import type { AuditRow, Me } from '../api';
import { t, word } from '../text';

/** The chosen row in full; the record itself is opened, and logged, only by the button. */
export function Peek({ row, me }: { row: AuditRow | undefined; me: Me }) {
  const { zone } = me;
  if (!row) return <aside class="peek"><p class="quiet">{t('list.peekNone')}</p><span class="grow" /><AgreeCard /></aside>;
  return (
    <aside class="peek" aria-label={row.sellerName}>
      <h2>{row.sellerName} <code>{row.id}</code></h2>
      <dl class="card peek-facts">
        <div><dt>{t('list.peekVerdict')}</dt><dd>{row.blind ? <span class="blind-word"><EyeOff size={14} aria-hidden="true" /> {t('list.peekHidden')}</span> : row.verdict && <VerdictBadge verdict={row.verdict}>{word('verdict', row.verdict)}</VerdictBadge>}</dd></div>
        {!!row.reasons?.length && <div><dt>{t('list.peekReasons')}</dt><dd>{row.reasons.map((code) => <span key={code}>{word('reason', code)} <code class="quiet">{code}</code><br /></span>)}</dd></div>}
        {row.why && <div><dt>{t('list.peekWhy')}</dt><dd>{word('why', row.why)}</dd></div>}
        {row.flags.length > 0 && <div><dt>{t('list.peekFlags')}</dt><dd>{row.flags.map((code) => <Badge tone="staff" icon={Flag} key={code}>{word('flag', code)}</Badge>)}</dd></div>}
        {row.decision && <div><dt>{t('list.peekAuditor')}</dt><dd>{t(`decide.${row.decision}`)}{row.agrees && `, ${t(`decide.agrees.${row.agrees}`)}`}</dd></div>}
        <div><dt>{t('list.peekManager')}</dt><dd>{row.managerName}</dd></div>
        <div><dt>{t('list.peekTime')}</dt><dd class="figures">{day(row.at, zone)}, {clock(row.at, zone)}<br /><span class="quiet">{clock(row.at, row.zone)} {place(row.at, row.zone)}</span></dd></div>
        <div><dt>{t('list.peekDecided')}</dt><dd class="figures">{day(row.decided, zone)}, {clock(row.decided, zone)}</dd></div>
        {row.length > 0 && <div><dt>{t('list.peekLength')}</dt><dd class="figures">{span(row.length * 1000)}</dd></div>}
        {row.coverage >= 0 && <div><dt>{t('list.peekRecorded')}</dt><dd class="figures">{(row.coverage / 10).toFixed(1)} %</dd></div>}
        <div><dt>{t('list.peekLanguage')}</dt><dd>{languageName(row.language, language)}</dd></div>
        {row.bundle && <div><dt>{t('list.peekDigest')}</dt><dd><code class="digest" title={row.bundle}>{row.bundle.slice(0, 8)}…{row.bundle.slice(-4)}</code></dd></div>}
      </dl>
      <a class="button primary wide peek-open" href={`/audit/room/${row.id}`} data-testid="audit-start" onClick={onLink}><span>{t('list.peekOpen')}</span> <kbd class="key">Enter</kbd></a>
      <p class="quiet peek-line">{t('list.own')}</p>
      <span class="grow" />
      <AgreeCard />
    </aside>
  );
}
