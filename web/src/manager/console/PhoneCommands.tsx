import { Flashlight, Mail, MailCheck, FlashlightOff, Image, SwitchCamera, ZoomIn, type LucideIcon } from 'lucide-preact';
import type { Device, State } from '../../protocol';
import { Button, classes } from '../../shared/ui';
import { useNow } from '../../shared/now';
import { t } from '../text';
import { canSend, sendCode } from './MailCode';
import type { Session } from './session';
import { take } from './steps';

type PhoneProps = { session: Session; state: State };

/** What the manager can have the seller's phone do, where it said that it can; the seller sees each. */
export function PhoneCommands({ session, state }: PhoneProps) {
  const live = state.room.state === 'live';
  const device = state.staff?.device;
  if (!device) return null;
  const photo = state.staff?.photo;
  const running = !!photo && photo.phase !== 'failed';
  return (
    <div class="phone-commands" role="group" aria-label={t('phone.title')}>
      <h2 class="quiet">{t('phone.title')}</h2>
      <One icon={SwitchCamera} name={t('phone.flip')} can={live && device.flip} hotkey="F" testid="flip" onClick={() => flip(session)} />
      <One icon={device.lit ? FlashlightOff : Flashlight} name={t('phone.torch')} on={!!device.lit} can={live && device.torch} hotkey="L" testid="torch" onClick={() => torch(session)} />
      <One icon={ZoomIn} name={zoomWords(device)} on={(device.zoomed ?? 1) > 1} can={live && (device.zoom ?? 0) > 1} hotkey="Z" testid="zoom" onClick={() => zoom(session)} />
      <One icon={Image} name={t('phone.photo')} busy={running} can={live && !!state.staff?.canPhoto && isSlot(state)} hotkey="P" testid="photo" onClick={() => photograph(session)} />
      <CodeCommand session={session} state={state} />
      {session.refusals.value.command && <p class="field-error" role="alert">{session.refusals.value.command}</p>}
    </div>
  );
}

/** A code by mail, also where the plan has no step of it; always there, so that nothing moves when the plan is drawn. */
function CodeCommand({ session, state }: PhoneProps) {
  const now = useNow();
  if (!state.staff?.canCode) return null;
  const { code } = state;
  const open = !!code && !code.done && code.left > 0 && Date.parse(code.until) > now;
  return <One icon={code?.done ? MailCheck : Mail} name={t('code.command')} title={code?.done ? t('code.done') : t('code.key')} on={open} busy={!!session.busy.value.send_code} can={canSend(state, now)} hotkey="E" testid="code" onClick={() => sendCode(session)} />;
}

type OneProps = { icon: LucideIcon; name: string; title?: string; on?: boolean | undefined; busy?: boolean; can: boolean | undefined; hotkey: string; testid: string; onClick: () => void };

function One({ icon, name, title = name, on, busy, can, hotkey, testid, onClick }: OneProps) {
  return (
    <Button bar class={classes(on && 'lit')} icon={icon} hotkey={hotkey} locked={!can} busy={!!busy} title={can || title !== name ? title : t('phone.cannot', { name })} aria-pressed={on} data-testid={`manager-phone-${testid}`} onClick={onClick}>
      {name}
    </Button>
  );
}

function zoomWords({ zoomed = 1 }: Device): string {
  return zoomed > 1 ? t('phone.zoomed', { times: Math.round(zoomed * 10) / 10 }) : t('phone.zoom');
}

function isSlot(state: State): boolean {
  return state.steps.find((step) => step.step === state.step)?.kind === 'capture';
}

const device = (session: Session): Device | undefined => (session.state?.room.state === 'live' ? session.state.staff?.device : undefined);

/** flip changes to the phone's other camera. */
export function flip(session: Session): void {
  if (device(session)?.flip) void session.ask('command', { act: 'flip' });
}

/** torch switches the phone's lamp on or off. */
export function torch(session: Session): void {
  const now = device(session);
  if (now?.torch) void session.ask('command', { act: 'torch', on: !now.lit });
}

/** zoom goes to twice, to four times where the camera can, and back. */
export function zoom(session: Session): void {
  const now = device(session);
  const most = now?.zoom ?? 0;
  if (most <= 1) return;
  const stops = [1, 2, 4].filter((each) => each <= most);
  if (stops.length === 1) stops.push(most);
  const next = stops.find((each) => each > (now!.zoomed ?? 1) + 0.05) ?? 1;
  void session.ask('command', { act: 'zoom', zoom: next });
}

/** photograph asks for a photo of the sensor into the slot of the current step. */
export function photograph(session: Session): void {
  const state = session.state;
  if (state?.staff?.canPhoto && isSlot(state)) void take(session, state.step, 'photo');
}
