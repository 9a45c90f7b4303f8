import { Equal, EqualNot, EyeOff } from 'lucide-preact';
import { Icon, classes } from '../../shared/ui';
import { word } from '../text';
import type { Decision, Desk } from './desk';

const decisions: Decision[] = ['same', 'different', 'not_visible'];
const signs = { same: Equal, different: EqualNot, not_visible: EyeOff };

type DecisionsProps = { desk: Desk; item: string; words: string; described?: string };

/** Same, different, not visible: what the manager saw by eye. */
export function Decisions({ desk, item, words, described }: DecisionsProps) {
  const given = desk.decision(item);
  return (
    <div class="decisions" role="group" aria-label={word('item', item)}>
      {decisions.map((decision) => {
        const ready = desk.ready(item, decision);
        return (
          <button
            type="button"
            class={classes('decision', decision)}
            aria-pressed={given === decision}
            aria-disabled={!ready || undefined}
            aria-describedby={ready ? undefined : described}
            title={word(words, decision)}
            data-testid={`manager-${decision}-${item}`}
            key={decision}
            onClick={() => void desk.decide(item, decision)}
          >
            <Icon of={signs[decision]} size={14} /><span>{word(words, decision)}</span>
          </button>
        );
      })}
    </div>
  );
}
