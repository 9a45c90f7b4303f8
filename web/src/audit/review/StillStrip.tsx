import { Download, Film } from 'lucide-preact';
import { clipURL, photoURL, stillURL } from '../api';
import { RegionPicture } from '../../shared/region';
import { Icon, classes } from '../../shared/ui';
import { t, word } from '../text';
import { keepFocus } from '../../shared/focus';
import { clockTime } from './line';
import type { Desk } from './session';

/** Every still of the call in order; a click shows it and its frame. */
export function StillStrip({ desk }: { desk: Desk }) {
  const { stills } = desk.line;
  const { clips = [], photos = [], crops = [] } = desk.review.facts;
  const id = desk.review.room.id;
  const place = (at: string) => Math.max(0, Date.parse(at) - desk.line.start);
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
      {crops.map((crop) => {
        const i = stills.findIndex((each) => each.sha256 === crop.still);
        const still = stills[i];
        const name = t('review.region', { slot: word('slot', crop.slot) || crop.slot });
        return still && (
          <li key={`${crop.still} ${crop.x} ${crop.y} ${crop.width} ${crop.height}`}>
            <button type="button" class="still" data-testid="audit-region" onClick={() => desk.show(i)}>
              <RegionPicture url={stillURL(id, crop.still)} size={still} region={crop} name={name} />
              <span class="still-name"><b>{name}</b> <span class="figures">{clockTime(place(crop.at))}</span></span>
            </button>
          </li>
        );
      })}
      {photos.map((photo) => (
        <li key={photo.sha256}>
          <a class="still" href={photoURL(id, photo.sha256, photo.mime)} target="_blank" rel="noopener" title={t('review.photoLine')} data-testid="audit-photo">
            <img src={photoURL(id, photo.sha256, photo.mime)} alt={t('review.photo', { slot: word('slot', photo.slot) || photo.slot })} />
            <span class="still-name"><b>{t('review.photo', { slot: word('slot', photo.slot) || photo.slot })}</b></span>
          </a>
          <button type="button" class="still-name" onClick={() => desk.goTo(photo.frame.recording, photo.frame.frame, place(photo.frame.at))}>{t('review.photoFrame')}</button>
        </li>
      ))}
      {clips.map((clip, i) => (
        <li key={`${clip.recording}-${clip.frame}`}>
          <button type="button" class="still clip" data-testid="audit-clip" onClick={() => desk.goTo(clip.recording, clip.frame, place(clip.at))}>
            <span class="clip-box"><Icon of={Film} size={20} /> <span class="figures">{(clip.ms / 1000).toFixed(1)} s</span></span>
            <span class="still-name"><b>{t('review.clip', { slot: word('slot', clip.slot) || clip.slot })}</b> <span class="figures">{clockTime(desk.placeOf(clip.recording, clip.frame, place(clip.at)))}</span></span>
          </button>
          <a class="still-name" href={clipURL(id, i + 1)} download><Icon of={Download} size={12} /> {t('review.clipSave')}</a>
        </li>
      ))}
    </ul>
  );
}
