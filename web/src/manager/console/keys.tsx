import { useEffect } from 'preact/hooks';
import { bindKeys } from '../../shared/hotkeys';
import { go } from '../../shared/route';
import { KeysDialog } from '../../shared/staff';
import { tabs, type Desk } from '../compare/desk';
import { t } from '../text';
import type { Ask } from './ask';
import { sendCode } from './MailCode';
import { flip, photograph, torch, zoom } from './PhoneCommands';
import type { Session } from './session';
import { capture, next, redo, take } from './steps';

/** useConsoleKeys binds the console's keys while it is shown. */
export function useConsoleKeys(session: Session, desk: Desk, over: boolean, ask: (what: Ask) => void): void {
  useEffect(() => (over ? bindKeys({ '?': () => ask('keys'), escape: () => go('/manager') }) : bindCall(session, desk, ask)), [session, desk, over]);
}

function bindCall(session: Session, desk: Desk, ask: (what: Ask) => void): () => void {
  const live = () => session.state?.room.state === 'live';
  const still = () => live() && void capture(session, desk, session.state!.step);
  const stop = bindKeys({
    '1': () => (desk.tab.value = tabs[0]),
    '2': () => (desk.tab.value = tabs[1]),
    '3': () => (desk.tab.value = tabs[2]),
    space: still,
    r: () => {
      still();
      if (live()) redo(session, desk);
    },
    f: () => flip(session),
    l: () => torch(session),
    z: () => zoom(session),
    p: () => photograph(session),
    e: () => sendCode(session),
    w: () => void desk.keepRegion(),
    t: () => live() && session.state!.step.startsWith('DOC_') && void take(session, session.state!.step, 'clip'),
    d: () => live() && next(session, desk),
    v: () => ['live', 'interrupted', 'ended'].includes(session.state?.room.state ?? '') && ask('verdict'),
    m: () => session.toggleMute('audio'),
    c: () => openChat(session),
    n: () => document.getElementById('note-open')?.click(),
    'shift+s': () => ask('flag'),
    k: () => desk.pair.toggleLink(),
    x: () => (desk.flick.value = true),
    '0': () => desk.pair.fit(),
    '[': () => desk.pair.turn(-1),
    ']': () => desk.pair.turn(1),
    a: () => desk.decideNext('same'),
    s: () => desk.decideNext('different'),
    g: () => desk.decideNext('not_visible'),
    f6: (event) => nextPane(event.shiftKey ? -1 : 1),
    'shift+f6': () => nextPane(-1),
    '?': () => ask('keys'),
  }, {
    '+': () => desk.pair.zoomBy(1),
    '=': () => desk.pair.zoomBy(1),
    '-': () => desk.pair.zoomBy(-1),
  });
  const release = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() === 'x') desk.flick.value = false;
  };
  addEventListener('keyup', release);
  return () => {
    stop();
    removeEventListener('keyup', release);
  };
}

/** openChat brings the chat to the front, where a small window hid it, and the focus into it. */
function openChat(session: Session): void {
  session.lower.value = 'chat';
  requestAnimationFrame(() => document.getElementById('chat-input')?.focus()); // what is not displayed takes no focus
}

/** nextPane moves the focus from pane to pane: bar, live, compare, plan. */
function nextPane(direction: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')];
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  panes[(at + direction + panes.length) % panes.length]?.focus();
}

/** The list of the console's keys. */
export function ConsoleKeys({ onClose }: { onClose: () => void }) {
  return (
    <KeysDialog
      title={t('keys.title')} line={t('keys.off')} single={t('keys.single')} singleLine={t('keys.singleLine')} onClose={onClose}
      groups={[
        { title: t('keys.groups.call'), keys: [['M', t('keys.mute')], ['C', t('keys.chat')], ['F', t('phone.flip')], ['L', t('phone.torch')], ['Z', t('phone.zoom')], ['P', t('phone.photo')]] },
        { title: t('keys.groups.plan'), keys: [[t('keys.space'), t('keys.capture')], ['R', t('keys.retake')], ['T', t('keys.clip')], ['E', t('code.key')], ['D', t('keys.next')], ['N', t('keys.note')], ['⇧+S', t('keys.flag')], ['V', t('keys.verdict')]] },
        { title: t('keys.groups.compare'), keys: [['1 2 3', t('keys.tabs')], ['K', t('keys.link')], ['W', t('keys.region')], ['X', t('keys.flicker')], ['+ − 0', t('keys.zoom')], ['[ ]', t('keys.rotate')], ['A S G', t('keys.same')]] },
        { title: t('keys.groups.everywhere'), keys: [['F6', t('keys.panes')], ['Ctrl+↵', t('keys.send')], ['Esc', t('keys.close2')], ['?', t('keys.help')]] },
      ]}
    />
  );
}
