import { VideoOff } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../../protocol';
import { classes, Icon, StreamVideo } from '../../shared/ui';
import { t } from '../text';
import type { Visit } from '../visit';
import { covers, documentFrame, ratioOf, shownArea, topOf } from './frame';
import { useHint } from './hint';

const ownLarge = ['DOC_FRONT', 'DOC_BACK', 'FACE_WITH_DOC'];
const framed = ['DOC_FRONT', 'DOC_BACK'];

/** Both pictures: the own one large and never mirrored while a document is shown, else the account manager's. */
export function Stage({ visit, state, children }: { visit: Visit; state: State; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const own = ownLarge.includes(state.step);
  const withFrame = framed.includes(state.step);
  useFrame(box, own, withFrame, ratioOf(state.room.format));
  const hint = useHint(box, visit.media.videoOff.value ? '' : state.step);
  const remote = visit.media.remote.value;
  const peerOff = state.peer?.videoOff || !state.peer?.media;
  const ownOff = visit.media.videoOff.value;
  const name = state.peer?.name || t('peerShort');
  return (
    <div class="stage" ref={box}>
      <div class={classes('picture', own ? 'large' : 'small')}>
        <StreamVideo stream={visit.stream.value} muted data-testid="seller-self-video" aria-label={t('call.yourPicture')} />
        {ownOff && <Off words={t('call.yourCameraOff')} />}
        {!own && <span class="picture-name">{t('call.you')}</span>}
      </div>
      <div class={classes('picture', own ? 'small' : 'large')}>
        <StreamVideo stream={remote} data-testid="seller-remote-video" aria-label={t('call.theirPicture', { name })} />
        {peerOff && <Off words={state.peer?.videoOff ? t('call.theirCameraOff') : t('call.connecting')} />}
        <span class="picture-name">{name}</span>
      </div>
      {withFrame && <Corners good={hint === ''} />}
      {withFrame && hint !== null && <p class={classes('call-hint', hint ? 'warn' : 'good')} role="status" data-testid="seller-hint" data-hint={hint}>{t(`call.hint.${hint || 'good'}`)}</p>}
      {children}
    </div>
  );
}

function Off({ words }: { words: string }) {
  return (
    <span class="picture-off">
      <Icon of={VideoOff} size={20} />
      <span>{words}</span>
    </span>
  );
}

function Corners({ good }: { good: boolean }) {
  return (
    <div class={classes('frame', good && 'good')} aria-hidden="true">
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

/** Keeps the frame on the picture: geometry by CSSOM, on each change of the box or of the camera's size. */
function useFrame(stage: { current: HTMLDivElement | null }, own: boolean, withFrame: boolean, ratio: number): void {
  useEffect(() => {
    const box = stage.current;
    const video = box?.querySelector<HTMLVideoElement>('.picture.large video');
    if (!own || !box || !video) return; // a face may be cut at the sides, what is held up may not
    const fit = () => {
      const room = { width: box.clientWidth, height: box.clientHeight - overlap };
      const size = { width: video.videoWidth, height: video.videoHeight };
      const cut = covers(room, size);
      const small = box.querySelector<HTMLElement>('.picture.small');
      const shown = shownArea(room, size, cut);
      const y = cut ? 0 : topOf(room, shown, withFrame && small ? small.offsetTop + small.offsetHeight : 0, ratio);
      video.classList.toggle('whole', !cut);
      box.style.setProperty('--top', `${y}px`);
      const frame = documentFrame({ ...shown, y }, ratio);
      for (const [name, value] of Object.entries(frame)) box.style.setProperty(`--${name}`, `${value}px`); // for corners and hint
    };
    const watch = new ResizeObserver(fit);
    watch.observe(box);
    video.addEventListener('resize', fit);
    fit();
    return () => {
      watch.disconnect();
      video.removeEventListener('resize', fit);
      video.classList.remove('whole');
    };
  }, [own, withFrame, ratio]);
}

const overlap = 24; // of the sheet over the picture, px
