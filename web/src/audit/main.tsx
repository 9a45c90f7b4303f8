import { WifiOff } from 'lucide-preact';
import { render } from 'preact';
import { dressPage, preferred, speak, spoken, staffLanguages } from '../shared/i18n';
import { useLoad } from '../shared/load';
import { path } from '../shared/route';
import { guardSecondClicks } from '../shared/second-click';
import { Blank, Grey, SignedOut } from '../shared/staff';
import { Button } from '../shared/ui';
import { AgreementPage } from './agreement/Agreement';
import { me } from './api';
import { ReviewPage } from './review/Review';
import { ReportPage } from './report/Report';
import { t } from './text';
import { Worklist } from './worklist/Worklist';
import '../styles/base.css';
import './audit.css';

/** The auditor's pages: the worklist, and the review of one room. */
function Pages() {
  const who = useLoad('me', me);
  if (who.fault && !who.value) {
    const out = who.fault.status === 401 || who.fault.status === 403;
    return out ? (
      <SignedOut title={t('list.signedOut')} line={t('list.signedOutHint')} />
    ) : (
      <main class="whole">
        <Blank whole icon={WifiOff} title={t('list.failed')} line={who.fault.message} tone="danger"><Button onClick={who.reload}>{t('list.retry')}</Button></Blank>
      </main>
    );
  }
  if (!who.value) return <Grey />;
  const [, room, paper] = /^\/audit\/room\/([^/]+)(\/report)?$/.exec(path.value) ?? [];
  if (room && paper) return <ReportPage key={room} id={decodeURIComponent(room)} me={who.value} />;
  if (room) return <ReviewPage key={room} id={decodeURIComponent(room)} me={who.value} />;
  if (path.value === '/audit/agreement') return <AgreementPage me={who.value} />;
  return <Worklist me={who.value} />;
}

/** All of it anew in another language. */
function Spoken() {
  return <Pages key={spoken.value} />;
}

guardSecondClicks();
await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(`${t('list.title')} · ${t('brand')}`);
render(<Spoken />, document.getElementById('page')!);
