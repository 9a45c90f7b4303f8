import { CalendarClock, CalendarPlus, X } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { Button, Dialog, Icon } from '../../shared/ui';
import { t } from '../text';
import { calendarFile, cancel, type Appointment } from './api';
import './booking.css';

/** An appointment and what becomes of it. */
export type Booked = { appointment: Appointment; onMove: () => void; onCancelled: () => void };

/** What can be done with an appointment: its calendar file, another time, none at all. */
export function Acts({ onMove, onCancelled }: Booked) {
  const [asking, setAsking] = useState(false);
  return (
    <div class="appointment-acts">
      <a href={calendarFile} download data-testid="seller-calendar">
        <Icon of={CalendarPlus} size={20} />
        {t('booking.file')}
      </a>
      <button type="button" data-testid="seller-move" onClick={onMove}>
        <Icon of={CalendarClock} size={20} />
        {t('booking.moveIt')}
      </button>
      <button type="button" data-testid="seller-cancel" onClick={() => setAsking(true)}>
        <Icon of={X} size={20} />
        {t('booking.cancel')}
      </button>
      {asking && <CancelDialog onClose={() => setAsking(false)} onDone={onCancelled} />}
    </div>
  );
}

function CancelDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState('');
  const run = async () => {
    setBusy(true);
    try {
      await cancel();
      onDone();
    } catch (cause) {
      setWhy(cause instanceof ApiError ? cause.message : String(cause));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('booking.cancelTitle')}
      onClose={onClose}
      actions={
        <>
          <Button class="equal" onClick={onClose}>{t('booking.cancelKeep')}</Button>
          <Button kind="danger" busy={busy} data-testid="seller-cancel-do" onClick={() => void run()}>{t('booking.cancelDo')}</Button>
        </>
      }
    >
      <p>{t('booking.cancelText')}</p>
      {why && <p class="field-error" role="alert">{why}</p>}
    </Dialog>
  );
}
