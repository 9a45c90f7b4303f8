import { useMemo } from 'preact/hooks';
import { useLoad } from '../../shared/load';
import { onLink } from '../../shared/route';
import { percent } from '../../shared/times';
import { agreement } from '../api';
import { t } from '../text';
import './agreement.css';

/** The last month's agreement in small, beside the worklist. */
export function AgreeCard() {
  const from = useMemo(() => new Date(Date.now() - 30 * 86400e3).toISOString(), []);
  const { value } = useLoad('agree card', (signal) => agreement({ from, to: '', manager: '' }, signal));
  if (!value) return null;
  const most = Math.max(1, ...value.weeks.map((week) => week.of));
  return (
    <a class="card agree-card" href="/audit/agreement" onClick={onLink} data-testid="agree-card">
      <span class="agree-card-head"><b>{t('list.agree')}</b> <span class="quiet">{t('list.agreeDays')}</span></span>
      {value.of === 0 ? <span class="quiet">{t('list.agreeNone')}</span> : (
        <>
          <span><strong class="figures">{percent(value.same / value.of)}</strong> <span class="quiet">{t('list.agreeOf', { count: value.of })}</span></span>
          <svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            {value.weeks.map((week, i) => <rect x={(100 * (i + 0.15)) / value.weeks.length} width={70 / value.weeks.length} y={24 - (24 * week.of) / most} height={(24 * week.of) / most} key={week.name} />)}
          </svg>
        </>
      )}
    </a>
  );
}
