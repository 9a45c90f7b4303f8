import { AlertTriangle } from 'lucide-preact';
import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { useLoad } from '../../shared/load';
import type { RoomDetail } from '../../shared/room';
import { CopyButton } from '../../shared/staff';
import { city, clock } from '../../shared/times';
import { Button, Dialog, Field, Strip } from '../../shared/ui';
import { instantOf, wallOf } from '../../shared/walltime';
import { cancel, newLink, replaceLink, reschedule } from '../api';
import { t } from '../text';
import { Clash } from './Clash';

/** The seller's link in a box that selects whole, with Copy. */
export function LinkBox({ link }: { link: string }) {
  return (
    <Field label={t('link.label')}>
      {(control) => (
        <div class="link-box">
          <input {...control} class="input mono" readOnly value={link} data-testid="manager-seller-link" onFocus={(event) => event.currentTarget.select()} />
          <CopyButton text={link} words={[t('link.copy'), t('link.copied')]} data-testid="manager-copy-link" />
        </div>
      )}
    </Field>
  );
}

type RoomDialogProps = { room: RoomDetail; onClose: () => void };

/** Makes a further link for a room and shows it, or on demand one that ends those before; links can't be read back. */
export function LinkDialog({ room, onClose }: RoomDialogProps) {
  const [alone, setAlone] = useState(false);
  const made = useLoad(`link ${room.id} ${alone}`, () => (alone ? replaceLink(room.id) : newLink(room.id)));
  return (
    <Dialog title={t('link.again', { name: room.sellerName })} onClose={onClose} class="link-dialog" actions={<Button kind="primary" onClick={onClose}>{t('link.close')}</Button>}>
      <p class="lead">{t('link.intro', { name: room.sellerName })}</p>
      {made.value ? <LinkBox link={made.value.sellerLink} /> : made.fault ? (
        <Strip tone="danger" icon={AlertTriangle} title={made.fault.message} urgent action={<Button kind="link" onClick={made.reload}>{t('agenda.retry')}</Button>} />
      ) : <span class="bar-grey" />}
      {alone ? made.value && <p role="status" data-testid="manager-link-alone">{t('link.alone', { name: room.sellerName })}</p>
        : made.value && <p><Button kind="link" data-testid="manager-replace-link" onClick={() => setAlone(true)}>{t('link.replace')}</Button></p>}
    </Dialog>
  );
}

type ChangeProps = RoomDialogProps & { onDone: () => void };

/** useChange runs a request once at a time and keeps why it failed. */
function useChange(run: () => Promise<unknown>, { onDone, onClose }: ChangeProps) {
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState('');
  const running = useRef(false);
  const start = async () => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    try {
      await run();
      onDone();
      onClose();
    } catch (cause) {
      setWhy(cause instanceof ApiError ? cause.message : String(cause));
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, why, start: () => void start() };
}

/** Asks before a call is cancelled. */
export function CancelDialog(props: ChangeProps) {
  const { room, onClose } = props;
  const change = useChange(() => cancel(room.id), props);
  return (
    <Dialog
      title={t('brief.cancelAsk', { name: room.sellerName })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('brief.cancelKeep')}</Button>
          <Button kind="danger" busy={change.busy} data-testid="manager-cancel-confirm" onClick={change.start}>{t('brief.cancelDo')}</Button>
        </>
      }
    >
      <p>{t('brief.cancelLine')}</p>
      {change.why && <p class="field-error" role="alert">{change.why}</p>}
    </Dialog>
  );
}

const quarter = 15 * 60_000;

/** The time that a call is moved from, or the next quarter of an hour once that is past. */
function proposed(at: string): Date {
  const now = Date.now();
  return Date.parse(at) > now ? new Date(at) : new Date(Math.ceil((now + quarter / 3) / quarter) * quarter);
}

/** Moves a call to another time, in the manager's own zone. */
export function RescheduleDialog(props: ChangeProps & { zone: string }) {
  const { room, zone, onClose } = props;
  const [wall, setWall] = useState(() => wallOf(proposed(room.at), zone));
  const at = instantOf(wall, zone);
  const late = !(at.getTime() >= Date.now()); // also where it is no time
  const change = useChange(() => reschedule(room.id, at), props);
  return (
    <Dialog
      title={t('reschedule.title', { name: room.sellerName })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('reschedule.back')}</Button>
          <Button kind="primary" busy={change.busy} locked={late} data-testid="manager-reschedule-save" onClick={change.start}>{t('reschedule.save')}</Button>
        </>
      }
    >
      <Field
        label={t('newRoom.date')}
        hint={Number.isFinite(at.getTime()) ? t('newRoom.there', { time: clock(at, room.zone), city: city(room.zone) }) : undefined}
        error={late ? t('newRoom.needTime') : undefined}
      >
        {(control) => <input {...control} class="input" type="datetime-local" value={wall} onInput={(event) => setWall(event.currentTarget.value)} />}
      </Field>
      <Clash at={at} zone={zone} except={room.id} />
      {change.why && <p class="field-error" role="alert">{t('reschedule.failed')} {change.why}</p>}
    </Dialog>
  );
}
