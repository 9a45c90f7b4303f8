import { classes } from '../../shared/ui';
import { stillURL } from '../api';
import { t, word } from '../text';
import { keepFocus } from '../../shared/focus';
import { clockTime } from './line';
import type { Desk } from './session';

/** Every still of the call in order; a click shows it and its frame. */
export function StillStrip({ desk }: { desk: Desk }) {
  const { stills } = desk.line;
  return (
    <ul class="still-strip" aria-label={t('lanes.captures')} onMouseDown={keepFocus}>
      {stills.length === 0 && <li class="quiet none">{t('review.noStill')}</li>}
      {stills.map((still, i) => {
        const slot = word('slot', still.slot) || still.slot;
        const again = stills.filter((each) => each.slot === still.slot).length > 1;
        return (
          <li key={`${still.sha256}-${i}`}>
            <button type="button" class={classes('still', i === desk.chosen.value && 'on')} aria-pressed={i === desk.chosen.value} data-testid="audit-still" data-slot={still.slot} data-frame={still.frame} onClick={() => desk.show(i)}>
              <img src={stillURL(desk.review.room.id, still.sha256)} alt="" />
              <span class="still-name"><b>{again ? `${slot} ${still.turn}` : slot}</b> <span class="figures">{clockTime(desk.timeOf(still))}</span></span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
