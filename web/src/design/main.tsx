import { render } from 'preact';
import { dressPage } from '../shared/i18n';
import { Design } from './Design';
import { t } from './text';
import '../styles/base.css';
import '../styles/staff.css';
import './design.css';

dressPage(t('title'));
render(<Design />, document.getElementById('page')!);
