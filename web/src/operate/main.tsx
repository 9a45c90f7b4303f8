import { WifiOff } from 'lucide-preact';
import { render } from 'preact';
import { dressPage, preferred, speak, spoken, staffLanguages } from '../shared/i18n';
import { useLoad } from '../shared/load';
import { path } from '../shared/route';
import { guardSecondClicks } from '../shared/second-click';
import { Blank, Grey, SignedOut } from '../shared/staff';
import { Button } from '../shared/ui';
import { me } from './api';
import { Managers } from './Managers';
import { Profiles } from './Profiles';
import { Retention } from './Retention';
import { t } from './text';
import { Wall } from './Wall';
import '../styles/base.css';
import './operate.css';

/** The operator's pages: the wall, and the rule sets. */
function Pages() {
  const who = useLoad('me', me);
  if (who.fault && !who.value) {
    const out = who.fault.status === 401 || who.fault.status === 403;
    return out ? (
      <SignedOut title={t('signedOut')} line={t('signedOutHint')} />
    ) : (
      <main class="whole">
        <Blank whole icon={WifiOff} title={t('failed')} line={who.fault.message} tone="danger"><Button onClick={who.reload}>{t('retry')}</Button></Blank>
      </main>
    );
  }
  if (!who.value) return <Grey />;
  if (path.value.startsWith('/operate/retention')) return <Retention me={who.value} />;
  if (path.value.startsWith('/operate/managers')) return <Managers me={who.value} />;
  return path.value.startsWith('/operate/profiles') ? <Profiles me={who.value} /> : <Wall me={who.value} />;
}

/** All of it anew in another language. */
function Spoken() {
  return <Pages key={spoken.value} />;
}

guardSecondClicks();
await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(`${t('live')} · ${t('brand')}`);
render(<Spoken />, document.getElementById('page')!);
