import { Check, IdCard, ShieldAlert, UserRound } from 'lucide-preact';
import type { State } from '../protocol';
import { language } from '../shared/i18n';
import { clock, day, dayOfMonth, month, ownZone, place, weekday } from '../shared/times';
import { Badge, Button, Icon, Rich, Strip } from '../shared/ui';
import { Acts, type Booked } from './booking/Acts';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { Visit } from './visit';

/** What will happen: the appointment in both zones, the way through, what to have ready. */
export function Welcome({ visit, state, ...booked }: { visit: Visit; state: State } & Booked) {
  const go = () => {
    visit.progress.value = 'check';
    void visit.openCamera();
  };
  return (
    <Screen
      title={t('title.welcome')}
      dock={
        <>
          <Button kind="primary" wide data-testid="seller-continue" onClick={go}>
            {t('welcome.go')}
          </Button>
          <Comfort>{t('welcome.comfort')}</Comfort>
        </>
      }
    >
      <div>
        <p class="eyebrow">{t('welcome.eyebrow')}</p>
        <h1 class="title">{state.you.name ? t('welcome.title', { name: state.you.name }) : t('welcome.titleNobody')}</h1>
      </div>
      {!isSecureContext && (
        <Strip tone="danger" icon={ShieldAlert} title={t('insecure.title')}>
          {t('insecure.text')}
        </Strip>
      )}
      {state.room.test && (
        <p>
          <Badge tone="line">{t('welcome.test')}</Badge>
        </p>
      )}
      <Appointment state={state} {...booked} />
      <Way booked={booked.appointment.books} />
      <section class="card fact-row">
        <Icon of={IdCard} size={24} class="accent" />
        <div>
          <h2 class="strong">{t('welcome.bring')}</h2>
          <p class="sub">{t('welcome.bringSub')}</p>
        </div>
      </section>
    </Screen>
  );
}

function Appointment({ state, ...booked }: { state: State } & Booked) {
  const { at } = state.room;
  const today = day(at) === day(new Date());
  const time = clock(at);
  const speech = new Intl.DisplayNames([language], { type: 'language' }).of(state.room.language) ?? state.room.language;
  const peer = state.peer;
  return (
    <section class="card appointment">
      <div class="appointment-row">
        <span class="date-tile" aria-hidden="true">
          <span>{month(at)}</span>
          <b>{dayOfMonth(at)}</b>
        </span>
        <div>
          <h2 class="when">
            <time dateTime={at}>{today ? t('welcome.today', { time }) : t('welcome.when', { day: weekday(at), time })}</time>
          </h2>
          <p class="sub">{t('welcome.yourTime', { place: place(at, ownZone) })}</p>
          {!today && <p class="only-read">{day(at)}</p>}
        </div>
      </div>
      <div class="appointment-row">
        <span class="face-tile">
          <Icon of={UserRound} size={24} />
        </span>
        <div>
          <p>
            <Rich text={t('welcome.calls', { name: peer?.name || t('peerNobody'), language: speech })} />
          </p>
          {peer?.zone && (
            <p class="sub figures">{t('welcome.theirTime', { time: clock(at, peer.zone), place: place(at, peer.zone) })}</p>
          )}
        </div>
      </div>
      {booked.appointment.books && <Acts {...booked} />}
    </section>
  );
}

function Way({ booked }: { booked: boolean }) {
  const steps = ['Appointment', 'Check', 'Consent', 'Call', 'Result'] as const;
  const current = 1;
  return (
    <ol class="way" aria-label={t('welcome.steps')}>
      {steps.map((step, i) => (
        <li
          key={step}
          class={i < current ? 'done' : i === current ? 'current' : 'open'}
          aria-current={i === current ? 'step' : undefined}
        >
          <span class="way-mark">
            {i < current ? <Icon of={Check} size={18} /> : i + 1}
            {i < current && <span class="only-read">{t('welcome.done')}</span>}
          </span>
          <div>
            <h2 class="way-name">{t(`welcome.step${step}`)}</h2>
            <p class="sub">{t(booked && step === 'Appointment' ? 'welcome.stepAppointmentBooked' : `welcome.step${step}Sub`)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
