import { Scale, TriangleAlert } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { day } from '../../shared/times';
import { Button, Field, Icon, Strip } from '../../shared/ui';
import { useDraft } from '../draft';
import { Comfort, Screen } from '../Screen';
import { t } from '../text';
import { askAgain, longestAppeal, type Recourse } from './api';
import './appeal.css';

type AppealProps = { room: string; until: string; back: () => void; done: (now: Recourse) => void };

/** Asking for another look at a failed outcome, in the own words; there is one. */
export function Appeal({ room, until, back, done }: AppealProps) {
  const [text, setText] = useDraft(`appeal.${room}`);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const ready = text.trim() !== '';

  async function send() {
    if (busy || !ready) return;
    setBusy(true);
    setFault('');
    try {
      const asked = await askAgain(text);
      setText('');
      done(asked);
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setFault(cause.message);
      setBusy(false);
    }
  }

  return (
    <Screen
      title={t('appeal.screen')}
      testid="seller-appeal"
      back={back}
      dock={
        <>
          <Button kind="primary" wide busy={busy} locked={!ready} data-testid="seller-appeal-send" onClick={() => void send()}>
            {t('appeal.send')}
          </Button>
          <Comfort>{t('appeal.once')}</Comfort>
        </>
      }
    >
      <span class="sign tone-accent">
        <Icon of={Scale} size={32} />
      </span>
      <div>
        <h1 class="title">{t('appeal.title')}</h1>
        <p class="lead">{t('appeal.lead')}</p>
      </div>
      {fault && <Strip tone="danger" icon={TriangleAlert} title={t('appeal.failed')} urgent>{fault}</Strip>}
      <Field label={t('appeal.label')} hint={t('appeal.hint', { left: longestAppeal - text.length })}>
        {(control) => (
          <textarea {...control} class="input appeal-words" rows={6} maxLength={longestAppeal} value={text} data-testid="seller-appeal-text" onInput={(event) => setText(event.currentTarget.value)} />
        )}
      </Field>
      <p class="fine">{t('appeal.kept', { day: day(until) })}</p>
    </Screen>
  );
}
