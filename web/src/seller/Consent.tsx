import { CalendarX, Eye, Hand, TriangleAlert, Users, Video, type LucideIcon } from 'lucide-preact';
import { useState } from 'preact/hooks';
import type { State } from '../protocol';
import { language } from '../shared/i18n';
import { ServerError } from '../shared/socket';
import { day, term } from '../shared/times';
import { Button, Icon, Strip } from '../shared/ui';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import { noticeVersion, type Visit } from './visit';

/** Notice and consent: four plain facts, refusing as easy as agreeing. Its words are version noticeVersion. */
export function Consent({ visit, state, keepDays }: { visit: Visit; state: State; keepDays: number }) {
  const [sending, setSending] = useState<'agree' | 'decline' | ''>('');
  const [fault, setFault] = useState('');
  const answer = async (agree: boolean) => {
    setSending(agree ? 'agree' : 'decline');
    setFault('');
    try {
      await visit.answerNotice(agree);
    } catch (cause) {
      setFault(cause instanceof ServerError ? cause.message : String(cause));
    }
    setSending('');
  };
  return (
    <Screen
      title={t('title.consent')}
      heading={t('title.consent')}
      back={() => (visit.progress.value = 'check')}
      dock={
        <>
          {fault && (
            <Strip tone="danger" icon={TriangleAlert} title="" urgent>
              {fault}
            </Strip>
          )}
          <Button kind="primary" wide busy={sending === 'agree'} locked={sending !== ''} data-testid="seller-agree" onClick={() => void answer(true)}>
            {t('consent.agree')}
          </Button>
          <Button wide class="equal" busy={sending === 'decline'} locked={sending !== ''} data-testid="seller-decline" onClick={() => void answer(false)}>
            {t('consent.decline')}
          </Button>
          <Comfort>{t('consent.comfort')}</Comfort>
        </>
      }
    >
      <div>
        <h1 class="title">{t('consent.title')}</h1>
        <p class="lead">{t('consent.lead')}</p>
      </div>
      <Facts state={state} keepDays={keepDays} />
      <section class="promise">
        <Icon of={Eye} size={24} />
        <div>
          <h2 class="strong">{t('consent.noFace')}</h2>
          <p>{t('consent.noFaceText')}</p>
        </div>
      </section>
      <p class="fine">
        {t('consent.version', { version: noticeVersion, language: new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language })}{' '}
        <a href={`/privacy?lang=${language}`} target="_blank" rel="noopener" data-testid="seller-privacy">
          {t('consent.privacy')}
        </a>
      </p>
    </Screen>
  );
}

function Facts({ state, keepDays }: { state: State; keepDays: number }) {
  const until = new Date(state.room.at);
  until.setUTCDate(until.getUTCDate() + keepDays);
  const facts: [LucideIcon, string, string][] = [
    [Video, t('consent.what'), t('consent.whatText')],
    [Users, t('consent.who'), t('consent.whoText', { name: state.peer?.name || t('peerNobody') })],
    [CalendarX, t('consent.until'), t('consent.untilText', { term: term(keepDays), date: day(until) })],
    [Hand, t('consent.stop'), t('consent.stopText')],
  ];
  return (
    <ul class="card facts">
      {facts.map(([icon, name, text]) => (
        <li key={name}>
          <span class="fact-icon">
            <Icon of={icon} size={20} />
          </span>
          <div>
            <h2 class="strong">{name}</h2>
            <p class="sub">{text}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
