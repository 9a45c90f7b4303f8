import { AlertTriangle, Check, Film, Plus } from 'lucide-preact';
import { Slots, type State } from '../../protocol';
import { keepFocus } from '../../shared/focus';
import { RegionPicture } from '../../shared/region';
import { Icon, classes } from '../../shared/ui';
import { photoURL, stillURL } from '../api';
import type { Desk } from '../compare/desk';
import { t, word } from '../text';

/** The tray: every capture in the order it was taken, retakes kept, and a place for each slot that has none. */
export function Captures({ state, desk }: { state: State; desk: Desk }) {
  const captures = state.staff?.captures ?? [];
  const empty = Slots.filter((slot) => !captures.some((capture) => capture.slot === slot));
  const shown = desk.tab.value === 'face' ? desk.person.value : desk.capture.value;
  return (
    <section class="captures">
      <h2>{t('captures.title')} <span class="quiet figures">{t('captures.count', { done: Slots.length - empty.length, all: Slots.length })}</span></h2>
      <ul onMouseDown={keepFocus}>
        {captures.map((capture, i) => {
          const turn = captures.slice(0, i + 1).filter((each) => each.slot === capture.slot).length;
          const replaced = captures.slice(i + 1).some((each) => each.slot === capture.slot);
          const slot = word('slot', capture.slot);
          return (
            <li key={`${capture.sha256}-${i}`}>
              <button
                type="button"
                class={classes('capture', capture === shown && 'shown', replaced && 'replaced')}
                aria-pressed={capture === shown}
                aria-label={t('captures.show', { n: i + 1, slot })}
                data-testid="manager-still"
                data-slot={capture.slot}
                data-sha256={capture.sha256}
                onClick={() => desk.chooseCapture(capture)}
              >
                <img src={stillURL(state.room.id, capture.sha256)} alt="" />
                {!replaced && (capture.hint ? <span class="capture-hint" title={word('hint', capture.hint)}><Icon of={AlertTriangle} size={12} /></span> : <span class="capture-ok"><Icon of={Check} size={12} /></span>)}
              </button>
              <span>{turn > 1 || replaced ? t('captures.retake', { slot, n: turn }) : slot}</span>
            </li>
          );
        })}
        {(state.staff?.crops ?? []).map((crop, i) => {
          const still = captures.find((each) => each.sha256 === crop.still);
          const slot = word('slot', crop.slot);
          return still && (
            <li key={`${crop.still} ${crop.x} ${crop.y} ${crop.width} ${crop.height}`}>
              <button type="button" class="capture" aria-label={t('captures.regionShow', { n: i + 1, slot })} data-testid="manager-region-kept" onClick={() => desk.showCrop(crop)}>
                <RegionPicture url={stillURL(state.room.id, crop.still)} size={still} region={crop} name={t('captures.region', { slot })} />
              </button>
              <span>{t('captures.region', { slot })}</span>
            </li>
          );
        })}
        {(state.staff?.photos ?? []).map((photo) => (
          <li key={photo.sha256}>
            <a class="capture" href={photoURL(state.room.id, photo.sha256)} target="_blank" rel="noopener" aria-label={t('captures.photoShow', { slot: word('slot', photo.slot) })} data-testid="manager-photo-taken">
              <img src={photoURL(state.room.id, photo.sha256)} alt="" />
            </a>
            <span title={t('captures.notStream')}>{t('captures.photo', { slot: word('slot', photo.slot) })}</span>
          </li>
        ))}
        {(state.staff?.clips ?? []).map((clip) => (
          <li key={`${clip.recording}-${clip.from}`} data-testid="manager-clip-taken">
            <span class="capture clip" role="img" aria-label={t('captures.clipIs', { slot: word('slot', clip.slot) })} title={t('captures.clipLater')}><Icon of={Film} size={14} /> <span class="figures">{(clip.ms / 1000).toFixed(1)} s</span></span>
            <span>{t('captures.clip', { slot: word('slot', clip.slot) })}</span>
          </li>
        ))}
        {empty.map((slot) => (
          <li key={slot}>
            <span class="capture empty" role="img" aria-label={t('captures.empty', { slot: word('slot', slot) })}><Icon of={Plus} size={14} /></span>
            <span>{word('slot', slot)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
