import { Eye } from 'lucide-preact';
import { FaceFeatures } from '../../protocol';
import { Icon, classes } from '../../shared/ui';
import type { Session } from '../console/session';
import { t, word } from '../text';
import { Decisions } from './Decisions';
import type { Desk } from './desk';

const keys = { A: 'same', S: 'different', G: 'not_visible' } as const;

/** What the manager sees, feature by feature, and then the opinion on the face; no software has one. */
export function FaceDecision({ session, desk }: { session: Session; desk: Desk }) {
  const open = desk.features.value;
  return (
    <section class="face">
      <h3>
        {t('compare.features')} <span class="quiet figures">{t('compare.answered', { done: FaceFeatures.length - open.length, all: FaceFeatures.length })}</span>
        <span class="grow" />
        {Object.entries(keys).map(([key, decision]) => <span class="quiet face-key" key={key}><kbd class="key">{key}</kbd> {word('decision', decision)}</span>)}
      </h3>
      <ul class="features">
        {FaceFeatures.map((feature) => (
          <li class={classes('feature', feature === open[0] && 'current')} key={feature} data-testid={`feature-${feature}`}>
            <span class={classes('feature-name', open.includes(feature) && 'open')}>{word('item', feature)}</span>
            <Decisions desk={desk} item={feature} words="decision" />
          </li>
        ))}
      </ul>
      <h3>{t('compare.faceTitle')} <span class="quiet" id="face-after">{open.length ? t('compare.faceAfter', { all: FaceFeatures.length }) : ''}</span></h3>
      <Decisions desk={desk} item="face" words="compare.faceDecision" described="face-after" />
      {session.refusals.value.compare && <p class="field-error" role="alert">{t('compare.failed', { why: session.refusals.value.compare })}</p>}
      <p class="face-line"><Icon of={Eye} /> {t('compare.faceLine')}</p>
    </section>
  );
}
