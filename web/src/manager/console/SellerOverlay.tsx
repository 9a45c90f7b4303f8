import { AlertTriangle, CheckCircle2, Clock, FileText, ShieldOff, UserRound, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { State } from '../../protocol';
import { useNow } from '../../shared/now';
import { span } from '../../shared/times';
import { Button, Icon } from '../../shared/ui';
import { t } from '../text';
import type { Session } from './session';

type OverlayProps = { session: Session; state: State; name: string };

/** What lies over the seller's video while there is no call in it: who waits, what is lost, what comes next. */
export function SellerOverlay({ session, state, name }: OverlayProps) {
  const peer = state.peer;
  switch (state.room.state) {
    case 'waiting':
      return (
        <Over icon={Clock} title={t('live.waits', { name })} line={t('live.waitsLine')} announce>
          <Button kind="primary" busy={!!session.busy.value.admit} locked={state.you.notice !== 'agreed'} data-testid="manager-admit" onClick={() => void admit(session)}>
            {t('live.admit')}
          </Button>
          {session.refusals.value.admit && <p class="field-error" role="alert">{session.refusals.value.admit}</p>}
        </Over>
      );
    case 'interrupted':
      return state.graceEnds ? <Lost ends={Date.parse(state.graceEnds)} grace={state.grace * 1000} name={name} /> : <Over icon={AlertTriangle} title={t('live.interrupted', { name })} line={t('live.interruptedLine')} />;
    case 'ended':
      return <Over icon={CheckCircle2} title={t('live.ended')} line={t('live.endedLine')} announce />;
    case 'live':
      if (peer?.notice === 'withdrawn') return <Over icon={ShieldOff} title={t('live.withdrawn', { name })} line={t('live.withdrawnLine')} announce />;
      return <LiveOverlay session={session} state={state} name={name} />;
  }
  if (peer?.connected && !peer.notice) return <Over icon={FileText} title={t('live.noNotice', { name })} line={t('live.noNoticeLine')} />;
  return <Over icon={UserRound} title={t('live.notHere', { name })} line={t('live.notHereLine')} />;
}

/** Nothing over a running picture; a word while it connects or has no picture. */
function LiveOverlay({ session, state, name }: OverlayProps) {
  const connecting = session.media.status.value !== 'connected';
  if (connecting && session.own.value) return <Over ring title={t('live.connecting')} />;
  if (state.peer && (state.peer.videoOff || !state.peer.media)) return <Over icon={AlertTriangle} title={t('live.noPicture', { name })} />;
  return null;
}

/** admit lets the seller in and begins with the first step, if none is begun. */
async function admit(session: Session): Promise<void> {
  if (!(await session.ask('admit', {}))) return;
  document.getElementById('live')?.focus(); // the button that had it goes
  const first = session.state?.steps[0];
  if (first && !session.state?.step) await session.ask('step', { step: first.step });
}

type OverProps = { icon?: LucideIcon; ring?: boolean; title: string; line?: string; announce?: boolean; children?: ComponentChildren };

function Over({ icon, ring, title, line, announce, children }: OverProps) {
  return (
    <div class="seller-over" role={announce ? 'status' : undefined}>
      {ring ? <span class="ring" aria-hidden="true" /> : icon && <Icon of={icon} size={24} />}
      <p class="over-title">{title}</p>
      {line && <p>{line}</p>}
      {children}
    </div>
  );
}

/** The grace time runs down in a ring. */
function Lost({ ends, grace, name }: { ends: number; grace: number; name: string }) {
  const now = useNow(250);
  const left = Math.max(0, ends - now);
  const share = Math.min(1, left / Math.max(1, grace));
  const circle = useRef<SVGCircleElement>(null);
  useLayoutEffect(() => {
    circle.current?.style.setProperty('stroke-dashoffset', String(100 * (1 - share)));
  }, [share]);
  return (
    <div class="seller-over" role="alert">
      <div class="grace">
        <svg viewBox="0 0 36 36" aria-hidden="true">
          <circle cx="18" cy="18" r="15.9155" class="grace-track" />
          <circle cx="18" cy="18" r="15.9155" class="grace-left" pathLength={100} ref={circle} />
        </svg>
        <span class="figures" role="timer" aria-label={t('live.graceLeft')}>{span(left + 999)}</span>
      </div>
      <p class="over-title">{t('live.interrupted', { name })}</p>
      <p>{t('live.interruptedLine')}</p>
    </div>
  );
}
