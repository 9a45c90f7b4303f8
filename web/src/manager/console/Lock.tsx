import { Lock as LockIcon, LockOpen } from 'lucide-preact';
import { Items, type Missing, type State } from '../../protocol';
import { Button, Icon } from '../../shared/ui';
import type { Desk } from '../compare/desk';
import { t, word } from '../text';
import type { Session } from './session';
import { show } from './steps';

type LockProps = { session: Session; state: State; desk: Desk; onVerdict: () => void };

/** What keeps pass locked, each with the way to it, and the way to the verdict. */
export function Lock({ session, state, desk, onVerdict }: LockProps) {
  const missing = state.staff?.missing ?? [];
  const ready = ['live', 'interrupted', 'ended'].includes(state.room.state);
  return (
    <section class="lock" aria-label={missing.length ? t('lock.locked') : t('lock.open')}>
      <div class="lock-scroll">
        <h2><Icon of={missing.length ? LockIcon : LockOpen} /> {missing.length ? t('lock.locked') : t('lock.open')} <span class="quiet">{missing.length ? t('lock.missing', { count: missing.length }) : t('lock.nothing')}</span></h2>
        <ul id="missing-list" data-testid="manager-missing" data-count={missing.length}>
          {missing.map((item) => (
            <li key={`${item.code} ${item.item}`} data-code={item.code} data-item={item.item}>
              <span>{missingWords(item)}</span>
              <GoTo session={session} desk={desk} item={item} live={state.room.state === 'live'} />
            </li>
          ))}
        </ul>
      </div>
      <Button wide kind={missing.length === 0 && ready ? 'primary' : 'secondary'} locked={!ready} hotkey="V" data-testid="manager-verdict" aria-describedby="missing-list" onClick={onVerdict}>{t('lock.verdict')}</Button>
    </section>
  );
}

/** missingWords says what is missing, for the list and for the verdict. */
export function missingWords({ code, item = '', need = 0 }: Missing): string {
  switch (code) {
    case 'capture':
      return t('lock.capture', { slot: word('step', item) || item });
    case 'compare':
    case 'different':
      return t(`lock.${code}`, { item: word('item', item) || item });
    case 'features':
      return t('lock.features');
    case 'plan':
      return t('lock.plan');
    case 'code':
    case 'step':
    case 'failed':
    case 'skipped':
      return t(`lock.${code}`, { step: word('step', item) || item });
    case 'notice':
      return t('lock.notice', { who: item === 'manager' ? t('live.you') : t('live.seller') });
    case 'coverage':
      return item ? t('lock.coverageOf', { track: word('track', item.split('.')[1] ?? '') || item, need: need / 10 }) : t('lock.coverage');
  }
  return item ? `${code} ${item}` : code;
}

function GoTo({ session, desk, item, live }: { session: Session; desk: Desk; item: Missing; live: boolean }) {
  const slot = session.state?.steps.findIndex((each) => each.step === item.item) ?? -1;
  if (slot >= 0 && live) return <Button kind="link" onClick={() => show(session, desk, item.item!)}>{t('lock.goStep', { n: slot + 1 })}</Button>;
  if ((item.code === 'features' || item.code === 'compare' || item.code === 'different') && Items.some((each) => each === item.item)) {
    const face = item.item === 'face';
    return <Button kind="link" onClick={() => (desk.tab.value = face ? 'face' : 'fields')}>{t('lock.goTab', { n: face ? 2 : 3 })}</Button>;
  }
  return null;
}
