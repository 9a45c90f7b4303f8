import { WifiOff } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { useLoad } from '../shared/load';
import { Blank } from '../shared/staff';
import { percent, term } from '../shared/times';
import { Button } from '../shared/ui';
import { profiles, type Me, type Rules } from './api';
import { Frame } from './Frame';
import { t, word } from './text';

/** The rule sets that rooms are made with, to read. */
export function Profiles({ me }: { me: Me }) {
  const list = useLoad('profiles', profiles);
  useEffect(() => {
    document.title = `${t('profiles')} · ${t('brand')}`;
  }, []);
  return (
    <Frame me={me} at="/operate/profiles" title={t('profiles')} bar={<p class="quiet">{t('profile.line')}</p>}>
      <main class="profiles" aria-busy={!list.value && !list.fault}>
        {!list.value && !list.fault && <><span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" /></>}
        {list.fault && !list.value && <Blank icon={WifiOff} title={t('kept.failed')} line={list.fault.message} tone="danger"><Button onClick={list.reload}>{t('retry')}</Button></Blank>}
        {list.value?.profiles.map(({ id, sha256, rules }) => (
          <section class="card profile" key={id} data-testid="profile">
            <header>
              <h2>{rules.title}</h2>
              <code class="quiet">{id}</code>
            </header>
            <dl>{lines(rules).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
            <code class="quiet profile-digest">sha256 {sha256}</code>
          </section>
        ))}
      </main>
    </Frame>
  );
}

function lines(rules: Rules): [string, string][] {
  const { retention, interrupted, late, review } = rules;
  return [
    [t('profile.documents'), rules.documents.map((name) => word('documentType', name)).join(', ')],
    [t('profile.slots'), rules.slots.map((slot) => word('slot', slot)).join(', ')],
    [t('profile.compare'), rules.compare.map((item) => word('item', item)).join(', ')],
    [t('profile.features'), t('profile.featuresValue', { count: rules.features.count, variable: rules.features.optically_variable })],
    [t('profile.challenges'), t('profile.of', { count: rules.challenges.count, all: rules.challenges.from.length })],
    [t('profile.questions'), t('profile.of', { count: rules.questions.count, all: rules.questions.from.length })],
    [t('profile.coverage'), percent(rules.coverage_floor / 1000)],
    [t('profile.tries'), String(rules.capture_tries)],
    [t('profile.code'), rules.code ? t('profile.yes') : t('profile.no')],
    [t('profile.codeStep'), rules.code_step ? t('profile.yes') : t('profile.no')],
    [t('profile.grace'), t(`profile.${interrupted.then}`, { seconds: interrupted.grace_s })],
    [t('profile.late'), t('profile.lateValue', { seller: late.seller_min, manager: late.manager_min })],
    [t('profile.review'), t('profile.reviewValue', { share: percent(review.share / 1000), count: review.close_days })],
    [t('profile.retention'), `${t('profile.recording')} ${term(retention.recording)}, ${t('profile.stills')} ${term(retention.stills)}, ${t('profile.documentsKept')} ${term(retention.documents)}, ${t('profile.record')} ${term(retention.record)}`],
  ];
}
