import { Eye, HardDrive, ScanFace, Users } from 'lucide-preact';
import { go } from '../../shared/route';
import { Button, Dialog, Icon } from '../../shared/ui';
import { t } from '../text';
import { noticeVersion, type Session } from './session';

const facts = [
  ['what', Eye],
  ['who', Users],
  ['until', HardDrive],
  ['face', ScanFace],
] as const;

/** The manager's own notice; nothing of the manager is recorded, and nobody admitted, before it is agreed to. */
export function NoticeGate({ session, name }: { session: Session; name: string }) {
  const leave = () => go('/manager');
  return (
    <Dialog
      title={t('notice.title')}
      class="notice"
      onClose={leave}
      actions={
        <>
          <Button onClick={leave}>{t('notice.decline')}</Button>
          <Button kind="primary" busy={!!session.busy.value.notice} data-testid="manager-agree" onClick={() => void session.agree()}>{t('notice.agree')}</Button>
        </>
      }
    >
      <p class="lead">{t('notice.line', { name })}</p>
      <ul class="notice-facts">
        {facts.map(([fact, icon]) => <li key={fact}><Icon of={icon} size={20} /><span>{t(`notice.${fact}`)}</span></li>)}
      </ul>
      <p class="quiet">{t('notice.version', { version: noticeVersion })}</p>
      {session.refusals.value.notice && <p class="field-error" role="alert">{session.refusals.value.notice}</p>}
    </Dialog>
  );
}
