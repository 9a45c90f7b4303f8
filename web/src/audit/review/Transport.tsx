import { ChevronFirst, ChevronLast, Flag, Pause, Play, Volume2 } from 'lucide-preact';
import { Button, Icon, classes } from '../../shared/ui';
import { t } from '../text';
import { keepFocus } from '../../shared/focus';
import { clockTime } from './line';
import type { Desk, Sound } from './session';

const rates = [0.5, 1, 1.5, 2, 4];
const sounds: [Sound, 'both' | 'sellerOnly' | 'managerOnly' | 'none'][] = [['both', 'both'], ['seller', 'sellerOnly'], ['manager', 'managerOnly'], ['none', 'none']];

/** Play, frame by frame, speed, sound. */
export function Transport({ desk }: { desk: Desk }) {
  const { clock } = desk;
  const playing = clock.playing.value;
  const frame = desk.frame.value;
  return (
    <section class="transport" data-at={Math.round(clock.at.value)} data-testid="audit-transport">
      <button type="button" onMouseDown={keepFocus} class="play" aria-label={playing ? t('transport.pause') : t('transport.play')} aria-pressed={playing} data-testid="audit-play" onClick={() => clock.toggle()}>
        {playing && clock.waiting.value ? <span class="ring" /> : <Icon of={playing ? Pause : Play} size={20} />}
      </button>
      <Button kind="ghost" bar icon={ChevronFirst} iconSize={20} label={t('transport.frameBack')} onClick={() => desk.step(-1)} />
      <Button kind="ghost" bar icon={ChevronLast} iconSize={20} label={t('transport.frameOn')} onClick={() => desk.step(1)} />
      <p class="transport-time figures"><strong>{clockTime(clock.at.value, true)}</strong> <span class="quiet">/ {clockTime(clock.length)}</span></p>
      <p class="transport-frame figures">{frame ? t('review.frame', { n: frame.n }) : ''}</p>
      <span class="grow" />
      <div class="segments" role="group" aria-label={t('transport.speed')} onMouseDown={keepFocus}>
        {rates.map((rate) => (
          <button type="button" aria-pressed={clock.rate.value === rate} data-testid={`audit-rate-${rate}`} key={rate} onClick={() => clock.setRate(rate)}>{rate}×</button>
        ))}
      </div>
      <Button kind="ghost" bar icon={Flag} hotkey="G" onClick={() => desk.nextMark()}>{t('transport.nextMark')}</Button>
      <label class={classes('transport-sound')}>
        <Icon of={Volume2} />
        <span class="only-read">{t('transport.sound')}</span>
        <select value={desk.sound.value} onChange={(event) => (desk.sound.value = event.currentTarget.value as Sound)}>
          {sounds.map(([sound, name]) => <option value={sound} key={sound}>{t(`transport.${name}`)}</option>)}
        </select>
      </label>
    </section>
  );
}
