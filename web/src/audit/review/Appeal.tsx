import { AlertTriangle, Check, Scale, Undo2 } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { clock, day } from '../../shared/times';
import { Badge, Button, Icon, Strip } from '../../shared/ui';
import { answerAppeal, type Me } from '../api';
import { t } from '../text';
import type { Desk } from './session';
import './appeal.css';

const longest = 600;

/** A seller's wish for another look, and its answer. */
export function AppealPane({ desk, me, onAnswered }: { desk: Desk; me: Me; onAnswered: () => void }) {
  const { room, review, names } = desk.review;
  const appeal = review.appeal;
  const [line, setLine] = useState('');
  const [busy, setBusy] = useState<'' | 'upheld' | 'overturned'>('');
  const [fault, setFault] = useState('');
  if (!appeal) return null;
  const answer = async (word: 'upheld' | 'overturned') => {
    setBusy(word);
    setFault('');
    try {
      await answerAppeal(room.id, word, line.trim());
      onAnswered();
    } catch (cause) {
      setFault(cause instanceof ApiError ? cause.message : String(cause));
      setBusy('');
    }
  };
  const locked = line.trim() === '' || busy !== '';
  return (
    <section class="appeal-pane" aria-labelledby="appeal-title" data-testid="audit-appeal" data-answer={appeal.answer}>
      <header>
        <Icon of={Scale} />
        <h2 id="appeal-title">{t('appeal.title')}</h2>
        <span class="quiet figures">{day(appeal.at, me.zone)}, {clock(appeal.at, me.zone)}</span>
      </header>
      <blockquote>{appeal.text}</blockquote>
      {appeal.open && (
        <>
          <textarea class="decision-note" rows={2} maxLength={longest} aria-label={t('appeal.line')} placeholder={t('appeal.line')} value={line} data-testid="audit-appeal-line" onInput={(event) => setLine(event.currentTarget.value)} />
          {fault && <Strip tone="danger" icon={AlertTriangle} title={t('decide.failed')} urgent>{fault}</Strip>}
          <div class="appeal-acts">
            <Button icon={Check} busy={busy === 'upheld'} locked={locked} data-testid="audit-appeal-upheld" onClick={() => void answer('upheld')}>{t('appeal.uphold')}</Button>
            <Button icon={Undo2} busy={busy === 'overturned'} locked={locked} data-testid="audit-appeal-overturned" onClick={() => void answer('overturned')}>{t('appeal.overturn')}</Button>
          </div>
        </>
      )}
      {appeal.why && <p class="quiet">{t(`appeal.why.${appeal.why}`)}</p>}
      {appeal.answer && (
        <p>
          <Badge tone={appeal.answer === 'upheld' ? 'line' : 'ok'}>{t(`appeal.${appeal.answer}`)}</Badge> <b>{names[appeal.by] ?? appeal.by}</b> <span class="appeal-said">{appeal.line}</span>
        </p>
      )}
    </section>
  );
}
