import { Ellipsis, Flashlight, FlashlightOff, Hand, MessageSquare, Mic, MicOff, PhoneOff, SwitchCamera, Video, VideoOff, type LucideIcon } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../../protocol';
import { classes, Icon } from '../../shared/ui';
import { say } from '../Announcer';
import { promptText, t } from '../text';
import type { Visit } from '../visit';
import { CodeOr } from './CodeEntry';
import { Pictogram } from './Pictogram';

type SheetProps = { visit: Visit; state: State; unread: number; onChat: () => void; onLeave: () => void; onMore: () => void };

/** The sheet under the picture: where we are, the one thing to do, the controls. */
export function Sheet({ visit, state, unread, onChat, onLeave, onMore }: SheetProps) {
  const name = state.peer?.name || t('peerNobody');
  const step = promptOf(state);
  const { title, sub } = promptText(step, name) ?? promptText('none', name)!;
  const code = !!state.code && !state.code.done;
  useEffect(() => {
    if (!code) say(`${title}. ${sub}`);
  }, [title, sub, code]);
  useRight(state.code?.done);
  return (
    <section class="sheet">
      <StepBar state={state} />
      <CodeOr visit={visit} state={state}>
        <div class="prompt">
          <Pictogram step={step} />
          <div>
            <h1 class="prompt-title" data-testid="seller-prompt">
              {title}
            </h1>
            <p class="sub">{sub}</p>
          </div>
        </div>
      </CodeOr>
      <Controls visit={visit} unread={unread} onChat={onChat} onLeave={onLeave} onMore={onMore} />
      <p class="stop-hint">
        {state.recording && (
          <>
            <Icon of={Hand} size={16} />
            {t('call.stopAnyTime')}
          </>
        )}
      </p>
    </section>
  );
}

/** Says that the code was right, once. */
function useRight(done = false): void {
  const before = useRef(done);
  useEffect(() => {
    if (done && !before.current) say(t('call.code.right'));
    before.current = done;
  }, [done]);
}

function promptOf(state: State): string {
  if (state.you.notice === 'withdrawn') return 'withdrawn';
  if (state.step === 'CODE' && state.code?.done) return 'CODE_DONE';
  return state.step || 'none';
}

function StepBar({ state }: { state: State }) {
  const done = state.steps.filter((step) => step.done).length;
  return (
    <div class="step-bar" role="img" aria-label={t('call.stepsDone', { count: done })}>
      {state.steps.map((step, i) => (
        <span key={i} class={classes(step.done && 'done', step.step !== '' && step.step === state.step && 'current')} />
      ))}
    </div>
  );
}

type ControlsProps = { visit: Visit; unread: number; onChat: () => void; onLeave: () => void; onMore: () => void };

/** At most five: with a flip and a lamp, or more lenses, camera off, zoom and leaving go behind More. */
function Controls({ visit, unread, onChat, onLeave, onMore }: ControlsProps) {
  const { media } = visit;
  const muted = media.audioOff.value;
  const off = media.videoOff.value;
  const { torch, lit } = visit.abilities.value;
  const more = hasMore(visit);
  return (
    <div class="controls" role="group" aria-label={t('call.controls')}>
      {visit.lenses.flips.value && <Control icon={SwitchCamera} name={t('call.flip')} testid="seller-flip" onClick={() => void visit.flip()} />}
      {torch && <Control icon={lit ? FlashlightOff : Flashlight} name={lit ? t('call.lightOff') : t('call.light')} on={lit} testid="seller-torch" onClick={() => void visit.setLight(!lit)} />}
      <Control
        icon={muted ? MicOff : Mic}
        name={muted ? t('call.unmute') : t('call.mute')}
        on={muted}
        testid="seller-mute"
        onClick={() => media.setMuted('audio', !muted)}
      />
      {!more && (
        <Control
          icon={off ? VideoOff : Video}
          name={off ? t('call.cameraOn') : t('call.camera')}
          on={off}
          testid="seller-camera"
          onClick={() => media.setMuted('video', !off)}
        />
      )}
      <Control
        icon={MessageSquare}
        name={t('call.chat')}
        count={unread}
        testid="seller-chat-open"
        onClick={onChat}
      />
      {more ? (
        <Control icon={Ellipsis} name={t('call.more')} testid="seller-more" onClick={onMore} />
      ) : (
        <Control icon={PhoneOff} name={t('call.leave')} leave testid="seller-leave" onClick={onLeave} />
      )}
    </div>
  );
}

/** More than five controls would be too many. */
function hasMore(visit: Visit): boolean {
  const { torch, zoom } = visit.abilities.value;
  return zoom > 1 || visit.lenses.many.value || (torch && visit.lenses.flips.value);
}

type ControlProps = {
  icon: LucideIcon;
  name: string;
  on?: boolean;
  leave?: boolean;
  count?: number;
  testid: string;
  onClick: () => void;
};

function Control({ icon, name, on, leave, count, testid, onClick }: ControlProps) {
  return (
    <button type="button" class="control" data-testid={testid} onClick={onClick}>
      <span class={classes('control-round', on && 'on', leave && 'leave')}>
        <Icon of={icon} size={22} />
        {count ? (
          <span class="control-count" aria-hidden="true">
            {count}
          </span>
        ) : null}
      </span>
      <span class="control-name">{name}</span>
      {count ? <span class="only-read">{t('call.unread', { count })}</span> : null}
    </button>
  );
}
