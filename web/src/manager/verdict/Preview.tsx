import { Eye } from 'lucide-preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { catalogueIn, languages } from '../../shared/i18n';
import { OutcomeView, OutcomeWords } from '../../shared/outcome';
import { Blank } from '../../shared/staff';
import { Brand } from '../../shared/ui';
import { t } from '../text';
import { toSend, type Choice } from './choices';

/** The language that a seller's page speaks for a room's, and the outcome's words in it once they are there. */
function useWords(room: string) {
  const spoken = languages.find((each) => each === room || each === room.split('-')[0]) ?? languages[0];
  const { t: words, ready } = useMemo(() => catalogueIn<typeof import('../../locales/en/outcome.json')>(spoken, 'outcome'), [spoken]);
  const [, draw] = useState('');
  useEffect(() => void ready.then(() => draw(spoken), () => undefined), [ready]); // without them it stays English
  return { spoken, words };
}

/** The seller's result page for a choice: the very component of the seller's page, in its own theme and language. */
export function Preview({ choice, language, manager }: { choice: Choice; language: string; manager: string }) {
  const sent = toSend(choice);
  const { spoken, words } = useWords(language);
  return (
    <aside class="preview" aria-label={t('decide.preview')}>
      <h3>{t('decide.preview')}</h3>
      {choice.verdict ? (
        <>
          <div class="phone">
            <div class="phone-page" data-theme="light" data-density="roomy" lang={spoken} inert data-testid="verdict-preview">
              <header><Brand /></header>
              <div class="phone-main">
                <OutcomeWords.Provider value={words}>
                  <OutcomeView outcome={{ verdict: choice.verdict, reasons: sent.reasons ?? [], repeat: sent.repeat ?? [], ...(sent.line ? { line: sent.line } : {}) }} manager={manager} receipt="none" />
                </OutcomeWords.Provider>
              </div>
            </div>
          </div>
          <p class="quiet">{t('decide.previewWords')}</p>
        </>
      ) : (
        <Blank icon={Eye} title={t('decide.previewHint')} />
      )}
    </aside>
  );
}
