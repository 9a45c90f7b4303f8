import { render } from 'preact';
import { dressPage, t } from '../shared/i18n';
import { Brand } from '../shared/ui';
import '../styles/base.css';

dressPage(t('product'));
render(<Brand />, document.getElementById('page')!);
