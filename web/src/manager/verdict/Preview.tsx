import { Eye } from 'lucide-preact';
import { OutcomeView } from '../../shared/outcome';
import { Blank } from '../../shared/staff';
import { Brand } from '../../shared/ui';
import { t } from '../text';
import { toSend, type Choice } from './choices';

/** The seller's result page for a choice: the very component of the seller's page, in its own theme. */
export function Preview({ choice, language, manager }: { choice: Choice; language: string; manager: string }) {
  const sent = toSend(choice);
  return (
    <aside class="preview" aria-label={t('decide.preview')}>
      <h3>{t('decide.preview')}</h3>
      {choice.verdict ? (
        <>
          <div class="phone">
            <div class="phone-page" data-theme="light" data-density="roomy" lang={language} inert data-testid="verdict-preview">
              <header><Brand /></header>
              <div class="phone-main">
                <OutcomeView outcome={{ verdict: choice.verdict, reasons: sent.reasons ?? [], repeat: sent.repeat ?? [], ...(sent.line ? { line: sent.line } : {}) }} manager={manager} receipt="none" />
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
