import { EyeOff } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { language } from '../../shared/i18n';
import { applied, languageName, type VerdictWord } from '../../shared/room';
import { CopyButton, VerdictBadge } from '../../shared/staff';
import { bytes, clock as wallClock, clockSeconds, day, place } from '../../shared/times';
import { Badge, classes } from '../../shared/ui';
import { documentURL, type Entry, type Me } from '../api';
import { plain, t, word } from '../text';
import { comparisons, lineToSeller, say } from './entries';
import { keepFocus } from '../../shared/focus';
import { AppealPane } from './Appeal';
import { DecisionPane } from './Decision';
import { gapWords } from './Lanes';
import { NotesTab, PlanTab } from './PlanTab';
import { clockTime } from './line';
import type { Desk } from './session';

const tabs = ['plan', 'timeline', 'fields', 'documents', 'notes', 'facts', 'access'] as const;

/** Beside the stage: the ledger as a list, fields, documents, facts, and who opened the record. */
export function Panel({ desk, me, onDecided }: { desk: Desk; me: Me; onDecided: () => void }) {
  const [tab, setTab] = useState<(typeof tabs)[number]>('plan');
  return (
    <aside class="panel">
      <div class="panel-tabs" role="tablist">
        {tabs.map((each) => (
          <button type="button" role="tab" class="tab inset-focus" id={`tab-${each}`} aria-controls="panel-body" aria-selected={each === tab} data-testid={`audit-tab-${each}`} key={each} onClick={() => setTab(each)}>
            {t(`tabs.${each}`)}{each === 'access' && <span class="figures quiet">{desk.review.custody.length}</span>}
          </button>
        ))}
      </div>
      <div class="panel-body" id="panel-body" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'plan' && <PlanTab desk={desk} />}
        {tab === 'notes' && <NotesTab desk={desk} />}
        {tab === 'timeline' && <Timeline desk={desk} zone={me.zone} />}
        {tab === 'fields' && <Fields desk={desk} />}
        {tab === 'documents' && <Documents desk={desk} />}
        {tab === 'facts' && <FactList desk={desk} me={me} />}
        {tab === 'access' && <Access desk={desk} me={me} />}
      </div>
      <AppealPane desk={desk} me={me} onAnswered={onDecided} />
      <DecisionPane desk={desk} me={me} onDecided={onDecided} />
    </aside>
  );
}

function Timeline({ desk, zone }: { desk: Desk; zone: string }) {
  const list = useRef<HTMLOListElement>(null);
  const current = desk.mark.value?.entry.seq;
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <ol class="timeline" ref={list} onMouseDown={keepFocus}>
      {desk.line.marks.map(({ entry, at, inCall }) => {
        const said = say(entry, desk.review.personal);
        return (
          <li key={entry.seq}>
            <button type="button" class={classes('entry inset-focus', !inCall && 'outside')} aria-current={entry.seq === current ? 'true' : undefined} data-testid="audit-entry" data-type={entry.type} data-at={Math.round(at)} onClick={() => desk.clock.seek(at)}>
              <time class="figures" dateTime={entry.at}>{inCall ? clockTime(at) : wallClock(entry.at, zone)}</time>
              <span class="entry-words"><b class={classes(said.staff && 'staff-words')}>{said.title}</b> <span>{said.text}</span> {said.staff && <Badge tone="staff">{t('timeline.staff')}</Badge>}</span>
              <code class="quiet">{entry.seq}</code>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

function Fields({ desk }: { desk: Desk }) {
  const { room, timeline, personal } = desk.review;
  const decided = comparisons(timeline, personal);
  return (
    <>
      <table class="compared">
        <thead><tr><td /><th scope="col">{t('fields.typed')}</th><th scope="col">{t('fields.decision')}</th></tr></thead>
        <tbody>
          {['face', 'name', 'number', 'birth_date'].map((item) => {
            const given = decided.get(item);
            const tone = given?.decision === 'same' ? 'ok' : given?.decision === 'different' ? 'danger' : undefined;
            return (
              <tr key={item}>
                <th scope="row">{word('item', item)}</th>
                <td>{given?.typed}</td>
                <td>{desk.review.review.blind ? <Badge icon={EyeOff}>{t('blind.short')}</Badge> : <Badge {...(tone ? { tone } : {})}>{given ? word('decision', given.decision) || given.decision : t('fields.open')}</Badge>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <h2>{t('fields.application')}</h2>
      <dl class="facts">{applied(room.application).map(([field, value]) => <div key={field}><dt>{word('field', field) || plain(field)}</dt><dd>{field === 'document_type' ? word('documentType', value) || value : value}</dd></div>)}</dl>
    </>
  );
}

function Documents({ desk }: { desk: Desk }) {
  const { room } = desk.review;
  const documents = room.documents ?? [];
  if (!documents.length) return <p class="quiet">{t('documents.none')}</p>;
  return (
    <ul class="filed">
      {documents.map((document) => {
        const kind = word('kind', document.kind) || document.kind;
        const url = documentURL(room.id, document.sha256, document.mime);
        return (
          <li key={document.sha256}>
            {document.width ? (
              <>
                <a href={url} target="_blank" rel="noreferrer" aria-label={t('documents.open', { kind })}><img src={url} alt="" /></a>
                <p>{kind} <span class="quiet figures">{t('review.size', { width: document.width, height: document.height })}</span></p>
              </>
            ) : (
              <p><a href={url} download>{t('documents.open', { kind })}</a> <span class="quiet">PDF</span></p>
            )}
            <code class="quiet digest">{document.sha256}</code>
          </li>
        );
      })}
    </ul>
  );
}

function FactList({ desk, me }: { desk: Desk; me: Me }) {
  const { room, facts, timeline, personal } = desk.review;
  const line = lineToSeller(timeline, personal);
  const verdict = room.verdict as VerdictWord | '';
  return (
    <>
      <dl class="facts">
        <div><dt>{t('facts.verdict')}</dt><dd>{verdict ? <VerdictBadge verdict={verdict}>{word('verdict', verdict)}</VerdictBadge> : <Badge icon={EyeOff}>{t('blind.short')}</Badge>}</dd></div>
        {!!room.reasons?.length && <div><dt>{t('facts.reasons')}</dt><dd>{room.reasons.map((code) => <span class="reason" key={code}>{word('reason', code)} <code class="quiet">{code}</code></span>)}</dd></div>}
        {line && <div><dt>{t('facts.line')}</dt><dd>{line}</dd></div>}
        <div><dt>{t('facts.seller')}</dt><dd>{room.sellerName}<br /><span class="quiet">{room.sellerMail}</span></dd></div>
        <div><dt>{t('facts.at')}</dt><dd class="figures">{day(room.at, me.zone)}, {wallClock(room.at, me.zone)}<br /><span class="quiet">{wallClock(room.at, room.zone)} {place(room.at, room.zone)}</span></dd></div>
        <div><dt>{t('facts.length')}</dt><dd class="figures">{clockTime(desk.line.length)}</dd></div>
        <div><dt>{t('facts.language')}</dt><dd>{languageName(room.language, language)}</dd></div>
        <div><dt>{t('facts.profile')}</dt><dd>{facts.profile}</dd></div>
        <div><dt>{t('facts.digest')}</dt><dd><code class="digest">{room.bundle}</code> <CopyButton bar text={room.bundle} words={[t('facts.copy'), t('facts.copied')]} /></dd></div>
      </dl>
      <h2>{t('facts.tracks')}</h2>
      <ul class="recordings">
        {facts.recordings.map((recording) => (
          <li key={recording.id}>
            <p><code>{recording.id}</code> <span class="quiet figures">{clockTime(recording.offset_ms)} – {clockTime(recording.offset_ms + recording.duration_ms)}</span></p>
            {recording.tracks.map((track) => <p class="quiet figures" key={track.kind}>{word('track', track.kind)} {(track.coverage / 10).toFixed(1)} %, {bytes(track.bytes)}, {track.codec}</p>)}
          </li>
        ))}
      </ul>
      {desk.line.gaps.length > 0 && (
        <>
          <h2>{t('facts.gaps')}</h2>
          <ul class="gap-list">
            {desk.line.gaps.map((gap, i) => (
              <li key={i}><button type="button" class="entry inset-focus" onClick={() => desk.clock.seek(gap.start)}><time class="figures">{clockTime(gap.start)}</time><span class="entry-words">{gapWords(gap)}</span></button></li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What an entry of the custody ledger says beside its type. */
function accessWords({ type, body }: Entry): string {
  const text = (key: string) => (typeof body?.[key] === 'string' ? (body[key] as string) : '');
  if (type === 'played') return text('what');
  if (type === 'viewed') return text('what').includes('blind') ? t('access.blindly') : '';
  if (type === 'appeal_answered') return text('answer') && t(`appeal.${text('answer') as 'upheld'}`);
  if (type === 'followed') return text('room');
  if (type === 'review_drawn') return word('why', text('why'));
  if (type === 'reviewed') return text('decision') && word('decide', text('decision'));
  return text('reason') && (word('reason', text('reason')) || plain(text('reason')));
}

function Access({ desk, me }: { desk: Desk; me: Me }) {
  const { custody } = desk.review;
  return (
    <>
      <p class="quiet">{t('access.line')}</p>
      <ol class="access" data-testid="audit-access">
        {[...custody].reverse().map((entry) => (
          <li key={entry.seq}>
            <time class="quiet figures" dateTime={entry.at}>{day(entry.at, me.zone)}, {clockSeconds(entry.at, me.zone)}</time>
            <p><strong>{word('access', entry.type) || plain(entry.type)}</strong> <span>{accessWords(entry)}</span></p>
            <p class="quiet">{desk.review.names[String(entry.body?.who)] ?? String(entry.body?.who ?? entry.actor)}</p>
          </li>
        ))}
      </ol>
    </>
  );
}
