import { Eye } from 'lucide-preact';
import { Icon } from '../../shared/ui';
import type { Session } from '../console/session';
import { t } from '../text';
import { Decisions } from './Decisions';
import type { Desk } from './desk';

/** The manager's own opinion on the face; no software has one. */
export function FaceDecision({ session, desk }: { session: Session; desk: Desk }) {
  return (
    <section class="face">
      <h3>{t('compare.faceTitle')}</h3>
      <Decisions desk={desk} item="face" words="compare.faceDecision" />
      {session.refusals.value.compare && <p class="field-error" role="alert">{t('compare.failed', { why: session.refusals.value.compare })}</p>}
      <p class="face-line"><Icon of={Eye} /> {t('compare.faceLine')}</p>
    </section>
  );
}
