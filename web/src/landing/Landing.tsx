import { Eye, FileCheck, HandHeart, ScanText, Smartphone, type LucideIcon } from 'lucide-preact';
import landing from '../locales/en/landing.json';
import { catalogue, language, staffLanguages } from '../shared/i18n';
import { Brand, Icon, LanguageChoice } from '../shared/ui';

export const t = catalogue('landing', landing);

const points: [LucideIcon, 'legible' | 'provable' | 'kind' | 'noFace'][] = [
  [ScanText, 'legible'],
  [FileCheck, 'provable'],
  [HandHeart, 'kind'],
  [Eye, 'noFace'],
];

/** The page without a link: what this is, and where to go. */
export function Landing() {
  return (
    <div class="simple landing">
      <header class="simple-head">
        <Brand />
        <LanguageChoice offered={staffLanguages} />
      </header>
      <main>
        <div>
          <h1 class="landing-headline">{t('headline')}</h1>
          <p class="simple-lead">{t('lead')}</p>
        </div>
        <section class="card landing-link">
          <Icon of={Smartphone} size={24} />
          <div>
            <h2 class="simple-strong">{t('seller')}</h2>
            <p class="simple-sub">{t('sellerText')}</p>
          </div>
        </section>
        <ul class="landing-points" aria-label={t('points')}>
          {points.map(([icon, point]) => (
            <li key={point}>
              <Icon of={icon} size={24} />
              <div>
                <h2 class="simple-strong">{t(point)}</h2>
                <p class="simple-sub">{t(`${point}Text`)}</p>
              </div>
            </li>
          ))}
        </ul>
      </main>
      <footer>
        <p class="landing-privacy">
          <a href={`/privacy?lang=${language}`}>{t('privacy')}</a>
        </p>
        <nav class="landing-foot" aria-labelledby="staff">
          <h2 id="staff">{t('staff')}</h2>
          <a href="/manager">{t('manager')}</a>
          <a href="/audit">{t('audit')}</a>
          <a href="/operate">{t('operate')}</a>
          <a href="/api/v1/openapi.json">{t('api')}</a>
          <a href="/.well-known/verifycall-keys.json">{t('keys')}</a>
        </nav>
      </footer>
    </div>
  );
}
