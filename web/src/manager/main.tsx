import { render } from 'preact';
import { WifiOff } from 'lucide-preact';
import { dressPage, preferred, speak, spoken, staffLanguages } from '../shared/i18n';
import { useLoad } from '../shared/load';
import { path } from '../shared/route';
import { guardSecondClicks } from '../shared/second-click';
import { Blank, Grey, SignedOut } from '../shared/staff';
import { Button } from '../shared/ui';
import { Agenda } from './agenda/Agenda';
import { me } from './api';
import { Console } from './console/Console';
import { t } from './text';
import '../styles/base.css';
import './manager.css';

/** The account manager's pages: the agenda, and one room. */
function Pages() {
  const who = useLoad('me', me);
  if (who.fault && !who.value) {
    const out = who.fault.status === 401 || who.fault.status === 403;
    return out ? (
      <SignedOut title={t('agenda.signedOut')} line={t('agenda.signedOutHint')} />
    ) : (
      <main class="whole">
        <Blank whole icon={WifiOff} title={t('agenda.failed')} line={who.fault.message} tone="danger">
          <Button onClick={who.reload}>{t('agenda.retry')}</Button>
        </Blank>
      </main>
    );
  }
  if (!who.value) return <Grey />;
  const room = /^\/manager\/room\/([^/]+)/.exec(path.value)?.[1];
  if (room) return <Console key={room} id={decodeURIComponent(room)} me={who.value} />;
  return <Agenda me={who.value} />;
}

/** All of it anew in another language. */
function Spoken() {
  return <Pages key={spoken.value} />;
}

guardSecondClicks();
await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(`${t('agenda.title')} · ${t('brand')}`);
render(<Spoken />, document.getElementById('page')!);
