import { ArrowLeft, CircleHelp } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { dressPage, languages, t as tCommon } from '../shared/i18n';
import { Brand, Button, Dialog, LanguageChoice } from '../shared/ui';
import { t } from './text';

type ScreenProps = {
  /** Name of the screen in the browser's tab. */
  title: string;
  /** Heading in the header instead of the brand. */
  heading?: string;
  back?: (() => void) | undefined;
  /** At the end of the header. */
  aside?: ComponentChildren;
  /** The bar at the bottom: one next action, at most one equal beside it, one line of comfort. */
  dock?: ComponentChildren;
  children: ComponentChildren;
  testid?: string;
  class?: string;
};

/** The frame of a seller's screen but the call: header, content, dock. A new screen takes the focus to its heading. */
export function Screen({ title, heading, back, aside, dock, children, testid, class: name }: ScreenProps) {
  const main = useRef<HTMLElement>(null);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    dressPage(t('title.page', { screen: title }));
    scrollTo(0, 0);
    const first = main.current?.querySelector<HTMLElement>('h1');
    first?.setAttribute('tabindex', '-1');
    first?.focus({ preventScroll: true });
  }, [title]);
  return (
    <div class="screen">
      <header class="screen-head">
        {back && <Button kind="ghost" bar icon={ArrowLeft} iconSize={24} label={tCommon('back')} onClick={back} />}
        {heading ? <p class="screen-heading">{heading}</p> : <Brand />}
        <div class="screen-aside">
          {aside ?? <LanguageChoice offered={languages} />}
          <Button kind="ghost" bar icon={CircleHelp} iconSize={24} label={t('help.open')} data-testid="seller-help" onClick={() => setHelp(true)} />
        </div>
      </header>
      <main ref={main} id="content" class={name ? `screen-main ${name}` : 'screen-main'} data-testid={testid}>
        {children}
      </main>
      {dock && <footer class="dock">{dock}</footer>}
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The line of comfort under the buttons of a dock. */
export function Comfort({ children }: { children: ComponentChildren }) {
  return <p class="comfort">{children}</p>;
}

const questions = ['what', 'need', 'lost', 'face'] as const;

/** What people ask, with short answers. */
function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t('help.title')} onClose={onClose} actions={<Button wide class="equal" onClick={onClose}>{t('help.close')}</Button>}>
      <dl class="help">
        {questions.map((question) => (
          <div key={question}>
            <dt>{t(`help.${question}`)}</dt>
            <dd>{t(`help.${question}Text`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
