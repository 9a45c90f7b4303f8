import { KeyRound } from 'lucide-preact';
import { useState } from 'preact/hooks';
import type { State } from '../protocol';
import { OutcomeView } from '../shared/outcome';
import { Button, Icon } from '../shared/ui';
import { Code } from './code/Code';
import { Kept } from './code/Kept';
import { Receipt } from './Receipt';
import { Screen } from './Screen';
import { t } from './text';

/** The result: outcome, reasons with their fixes, what next, what is kept of it; what is personal opens by a code. */
export function Result({ state, mail }: { state: State; mail: boolean }) {
  const [shown, show] = useState<'' | 'kept' | 'code'>('');
  if (shown === 'code') return <Code why="kept" back={() => show('')} done={() => show('kept')} />;
  if (shown === 'kept') return <Kept back={() => show('')} ask={() => show('code')} />;
  return (
    <Screen title={t('title.result')} testid="seller-result">
      <OutcomeView outcome={state.outcome!} manager={state.peer?.name}>
        <Receipt digest={state.outcome!.digest} />
      </OutcomeView>
      {mail && (
        <section class="card outcome-row">
          <Icon of={KeyRound} size={24} />
          <div>
            <p class="outcome-sub">{t('kept.openText')}</p>
            <Button wide data-testid="seller-kept-open" onClick={() => show('kept')}>
              {t('kept.open')}
            </Button>
          </div>
        </section>
      )}
    </Screen>
  );
}
