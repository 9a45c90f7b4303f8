import { Brand } from '../shared/ui';
import { Badges, Buttons, Inputs, Loading, Messages, Rows, SellerParts } from './Parts';
import { Colours, Scale, Spaces } from './Tokens';
import { t } from './text';

/** Every token and every component in every state, in both themes beside each other. */
export function Design() {
  return (
    <main class="design">
      <h1 class="only-read">{t('title')}</h1>
      {(['light', 'dark'] as const).map((theme) => (
        <div class="sheet-of" data-theme={theme} key={theme} data-testid={`design-${theme}`}>
          <header class="design-head">
            <Brand />
            <p class="quiet">{t(theme)}</p>
          </header>
          <Colours theme={theme} />
          <Scale seller={theme === 'light'} />
          <Spaces />
          <Buttons />
          <Inputs />
          <Badges />
          <Rows />
          <Messages />
          <Loading />
          <SellerParts />
        </div>
      ))}
    </main>
  );
}
