import { classes } from '../../shared/ui';
import { t } from '../text';
import { statuses } from './api';
import type { OwnDesk } from './useDesk';
import './desk.css';

/** Whether the queue may call: online, on a break, offline. */
export function DeskSwitch({ desk }: { desk: OwnDesk }) {
  const now = desk.setting || desk.now?.status;
  return (
    <fieldset class="desk-switch" aria-busy={!!desk.setting}>
      <legend class="only-read">{t('desk.status')}</legend>
      {statuses.map((status) => (
        <label key={status} class={classes('desk-choice', now === status && 'chosen')} title={t(`desk.${status}Hint`)} data-testid={`desk-${status}`}>
          <input type="radio" name="desk" class="only-read" value={status} checked={now === status} disabled={!desk.now} onChange={() => desk.set(status)} />
          <span class={`desk-dot is-${status}`} aria-hidden="true" />
          {t(`desk.${status}`)}
        </label>
      ))}
      {desk.why && <span class="only-read" role="alert">{desk.why}</span>}
    </fieldset>
  );
}
