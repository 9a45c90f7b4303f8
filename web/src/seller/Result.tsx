import type { State } from '../protocol';
import { OutcomeView } from '../shared/outcome';
import { Receipt } from './Receipt';
import { Screen } from './Screen';
import { t } from './text';

/** The result: outcome, reasons with their fixes, what next, what is kept of it. */
export function Result({ state }: { state: State }) {
  return (
    <Screen title={t('title.result')} testid="seller-result">
      <OutcomeView outcome={state.outcome!} manager={state.peer?.name}>
        <Receipt digest={state.outcome!.digest} />
      </OutcomeView>
    </Screen>
  );
}
