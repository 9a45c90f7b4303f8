import { render } from 'preact';
import { dressPage, preferred, speak, spoken, staffLanguages } from '../shared/i18n';
import '../styles/base.css';
import '../styles/simple.css';
import './landing.css';
import { Landing, t } from './Landing';

/** All of it anew in another language. */
function Spoken() {
  return <Landing key={spoken.value} />;
}

await speak(preferred(staffLanguages)).catch(() => undefined); // without its texts it goes on in English
dressPage(t('title'));
render(<Spoken />, document.getElementById('page')!);
