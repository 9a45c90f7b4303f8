import { render } from 'preact';
import { dressPage } from '../shared/i18n';
import '../styles/base.css';
import '../styles/simple.css';
import './landing.css';
import { Landing, t } from './Landing';

dressPage(t('title'));
render(<Landing />, document.getElementById('page')!);
