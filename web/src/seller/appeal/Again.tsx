import { CalendarClock, Scale, TriangleAlert } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { clock, day, ownZone, place } from '../../shared/times';
import { Button, Icon, Strip } from '../../shared/ui';
import { Comfort } from '../Screen';
import { t } from '../text';
import { another, type Recourse } from './api';
import './appeal.css';

/** What came of a seller's appeal; nothing while there is none, or the page's head tells it. */
export function Asked({ now }: { now: Recourse }) {
  if (!now.asked || now.answer === 'overturned') return null;
  return (
    <section class="card outcome-row" data-testid="seller-asked" data-answer={now.answer}>
      <Icon of={Scale} size={24} />
      <div>
        <h2 class="outcome-strong">{t(now.answer === 'upheld' ? 'appeal.upheld' : 'appeal.asked')}</h2>
        <p class="outcome-sub">{now.answer === 'upheld' ? t('appeal.upheldText', { day: day(now.answered ?? now.asked) }) : t('appeal.askedText', { day: day(now.asked) })}</p>
        {now.line && <blockquote class="appeal-line">{now.line}</blockquote>}
      </div>
    </section>
  );
}

/** The appointment of the call that goes on from this one. */
export function NextCall({ at }: { at: string }) {
  return (
    <section class="card outcome-row" data-testid="seller-next-call">
      <Icon of={CalendarClock} size={24} />
      <div>
        <h2 class="outcome-strong">{t('again.next')}</h2>
        <p class="outcome-sub figures">{t('again.when', { day: day(at), time: clock(at), place: place(at, ownZone) })}</p>
      </div>
    </section>
  );
}

/** The dock of a result that another call follows: to choose its time, or to go to it. ask opens what a code is wanted for. */
export function AgainDock({ now, mail, ask }: { now: Recourse; mail: boolean; ask: () => void }) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const go = async () => {
    setBusy(true);
    setFault('');
    try {
      location.assign((await another()).link);
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setBusy(false);
      if (cause.code === 'needs_code') ask();
      else setFault(cause.message);
    }
  };
  return (
    <>
      {fault && <Strip tone="danger" icon={TriangleAlert} title="" urgent>{fault}</Strip>}
      <Button kind="primary" wide busy={busy} data-testid="seller-again-call" onClick={() => void go()}>
        {t(now.next ? 'again.open' : 'again.choose')}
      </Button>
      {(now.next || mail) && <Comfort>{t(now.next ? 'again.openComfort' : 'again.comfort')}</Comfort>}
    </>
  );
}
