import { Check, ChevronRight, IdCard, ShieldAlert, UserRound } from 'lucide-preact';
import type { State } from '../protocol';
import { language } from '../shared/i18n';
import { useLoad } from '../shared/load';
import { useNow } from '../shared/now';
import { clock, day, dayOfMonth, month, ownZone, place, serverNow, weekday } from '../shared/times';
import { Badge, Button, Icon, Rich, Strip } from '../shared/ui';
import { Acts, type Booked } from './booking/Acts';
import { filed, kindsOf } from './Documents';
import { Comfort, Screen } from './Screen';
import { near, opens } from './soon';
import { t } from './text';
import type { Visit } from './visit';

/** Where the seller stands: the appointment in both zones, five steps, one next action. */
export function Welcome({ visit, state, ...booked }: { visit: Visit; state: State } & Booked) {
  const documents = useLoad('documents', filed);
  const sides = documents.value?.documents.filter((each) => each.kind !== 'other').length ?? 0;
  const soon = near(state.room.at, useNow(15_000)); // the call opens while the page is looked at
  const needed = kindsOf(state.room.document).length - 1; // but what is brought beside the ID
  const at = standing(visit, soon, !documents.value || sides >= needed);
  return (
    <Screen title={t('title.welcome')} dock={<Next visit={visit} state={state} soon={soon} at={at} />}>
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
      <Way visit={visit} at={at} sides={sides} needed={needed} {...booked} />
      <button type="button" class="card fact-row bring" data-testid="seller-bring" onClick={() => (visit.progress.value = 'documents')}>
        <Icon of={IdCard} size={24} class="accent" />
        <span>
          <span class="strong">{t('welcome.bring')}</span>
          <span class="sub">{t('welcome.bringSub')}</span>
        </span>
        <Icon of={ChevronRight} size={20} class="bring-more" />
      </button>
    </Screen>
  );
}

const steps = ['Documents', 'Appointment', 'Check', 'Call', 'Result'] as const;
type Step = (typeof steps)[number];

/** The step that is next: what is missing first. */
function standing(visit: Visit, soon: boolean, sent: boolean): Step {
  if (!sent && !soon) return 'Documents';
  return visit.rehearsed() ? 'Call' : 'Check';
}

function test(visit: Visit): void {
  visit.progress.value = 'check';
  void visit.openCamera();
}

/** The one next action. */
function Next({ visit, state, soon, at }: { visit: Visit; state: State; soon: boolean; at: Step }) {
  if (at === 'Documents') {
    return (
      <>
        <Button kind="primary" wide data-testid="seller-to-documents" onClick={() => (visit.progress.value = 'documents')}>{t('welcome.goDocs')}</Button>
        <Button wide class="equal" data-testid="seller-continue" onClick={() => test(visit)}>{t('welcome.skipDocs')}</Button>
        <Comfort>{t('welcome.comfort')}</Comfort>
      </>
    );
  }
  return (
    <>
      <Button kind={at === 'Call' && !soon ? 'secondary' : 'primary'} wide {...(at === 'Call' && !soon ? { class: 'equal' } : {})} data-testid="seller-continue" onClick={() => test(visit)}>
        {at === 'Check' ? t('welcome.go') : soon ? t('welcome.goCall') : t('welcome.goAgain')}
      </Button>
      <Comfort>{at === 'Call' && !soon ? t('welcome.later', { time: clock(opens(state.room.at)) }) : t('welcome.comfort')}</Comfort>
    </>
  );
}

function Appointment({ state, ...booked }: { state: State } & Booked) {
  const { at } = state.room;
  const today = day(at) === day(new Date(serverNow()));
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

/** The five steps, with what each has come to. */
function Way({ visit, at, sides, needed, appointment }: { visit: Visit; at: Step; sides: number; needed: number } & Booked) {
  const current = steps.indexOf(at);
  const done = (step: Step) => (step === 'Documents' ? sides >= needed : step === 'Check' ? visit.rehearsed() : step === 'Appointment');
  const words: Record<Step, string> = {
    Documents: sides >= needed ? t(needed > 1 ? 'welcome.docsAll' : 'welcome.docsPage') : sides ? t('welcome.docsSome') : t('welcome.docsNone'),
    Appointment: !appointment.books ? t('welcome.stepAppointmentSub') : appointment.mail ? t('welcome.stepAppointmentMail') : t('welcome.stepAppointmentBooked'),
    Check: visit.rehearsed() ? t('welcome.stepCheckDone') : t('welcome.stepCheckSub'),
    Call: t('welcome.stepCallSub'),
    Result: t('welcome.stepResultSub'),
  };
  const links: Partial<Record<Step, [words: string, go: () => void]>> = {
    Documents: [sides ? t('welcome.docsOpen') : t('welcome.docsAdd'), () => (visit.progress.value = 'documents')],
    ...(visit.rehearsed() ? { Check: [t('welcome.again'), () => test(visit)] } : {}),
  };
  return (
    <ol class="way" aria-label={t('welcome.steps')}>
      {steps.map((step, i) => (
        <li key={step} class={done(step) ? 'done' : i === current ? 'current' : 'open'} aria-current={i === current ? 'step' : undefined}>
          <span class="way-mark">
            {done(step) ? <Icon of={Check} size={18} /> : i + 1}
            {done(step) && <span class="only-read">{t('welcome.done')}</span>}
          </span>
          <div class="way-text">
            <h2 class="way-name">{t(`welcome.step${step}`)}</h2>
            <p class="sub">{words[step]}</p>
          </div>
          {links[step] && <Button kind="link" class="way-link" onClick={links[step][1]}>{links[step][0]}<span class="only-read"> {t(`welcome.step${step}`)}</span></Button>}
        </li>
      ))}
    </ol>
  );
}
