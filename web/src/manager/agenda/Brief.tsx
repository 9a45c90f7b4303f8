import { AlertTriangle, CalendarClock, CircleCheck, CircleSlash, EyeOff, Languages, Link2, WifiOff } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { language } from '../../shared/i18n';
import { useLoad } from '../../shared/load';
import { applied, languageName, type RoomBrief, type RoomDetail, type RoomRow } from '../../shared/room';
import { Blank, VerdictBadge } from '../../shared/staff';
import { day, place } from '../../shared/times';
import { Badge, Button, Icon } from '../../shared/ui';
import { detail, documentURL } from '../api';
import { PictureDialog } from '../compare/PictureDialog';
import { fieldLabel, t, word } from '../text';
import { CancelDialog, LinkDialog, RescheduleDialog } from './dialogs';
import { isDone, isOver } from './day';

type BriefProps = { row: RoomRow; zone: string; onChange: () => void };

/** The case brief: what the seller filed, the documents, language, and the invitation. */
export function Brief({ row, zone, onChange }: BriefProps) {
  const room = useLoad(`${row.id} ${row.state} ${row.at}`, (signal) => detail(row.id, signal));
  if (!room.value) {
    return room.fault ? (
      <Blank icon={WifiOff} title={t('brief.failed')} line={room.fault.message} tone="danger">
        <Button onClick={room.reload}>{t('agenda.retry')}</Button>
      </Blank>
    ) : (
      <BriefHead id={row.id}><div class="card brief-grey" aria-hidden="true">{Array.from({ length: 6 }, (_, i) => <span class="bar-grey" key={i} />)}</div></BriefHead>
    );
  }
  const open = !isDone(row) && !isOver(row);
  return (
    <BriefHead id={row.id}>
      <div class="brief-columns">
        <div>
          <Filed room={room.value} />
          {room.value.earlier.length > 0 && <Earlier room={room.value} zone={zone} />}
          <section class="card brief-card">
            <h3>{t('brief.language')}</h3>
            <p class="brief-line"><Icon of={Languages} /> {t('brief.languageLine', { language: languageName(row.language, language) })}</p>
            <p class="brief-line" data-testid="brief-helper">{room.value.helper ? word('helper', room.value.helper) || room.value.helper : <span class="quiet">{t('brief.noHelper')}</span>}</p>
            <p class="quiet">{place(row.at, row.zone)}</p>
          </section>
        </div>
        <div>
          <Documents room={room.value} />
          {room.value.hints.length > 0 && <Hints codes={room.value.hints} />}
          {row.verdict && <Outcome room={room.value} />}
          {open && <Invitation room={room.value} zone={zone} onChange={onChange} />}
        </div>
      </div>
    </BriefHead>
  );
}

function BriefHead({ id, children }: { id: string; children: preact.ComponentChildren }) {
  return (
    <section class="brief">
      <h2>{t('brief.title')} <code>{id}</code></h2>
      {children}
    </section>
  );
}

function Filed({ room }: { room: RoomDetail }) {
  const fields = applied(room.application);
  return (
    <section class="card brief-card">
      <h3>{t('brief.filed')}</h3>
      {fields.length === 0 && <p class="quiet">{t('brief.nothingFiled')}</p>}
      <dl class="facts">
        {fields.map(([field, value]) => (
          <div key={field}>
            <dt>{fieldLabel(field)}</dt>
            <dd class={field === 'document_number' ? 'mono' : undefined}>{field === 'document_type' ? word('documentType', value) || value : value}</dd>
          </div>
        ))}
        {room.sellerMail && <div><dt>{t('brief.mail')}</dt><dd>{room.sellerMail}</dd></div>}
      </dl>
    </section>
  );
}

/** What came of the calls that this one goes on from. */
function Earlier({ room, zone }: { room: RoomBrief; zone: string }) {
  return (
    <section class="card brief-card" data-testid="brief-earlier">
      <h3>{t('brief.earlier')}</h3>
      <ul class="brief-list">
        {room.earlier.map((attempt) => (
          <li key={attempt.id}>
            <p>{attempt.verdict && <VerdictBadge verdict={attempt.verdict}>{word('verdict', attempt.verdict)}</VerdictBadge>} {day(attempt.at, zone)} <code>{attempt.id}</code></p>
            {attempt.reasons.length > 0 && <p>{attempt.reasons.map((code) => <span class="reason" key={code}>{word('reason', code)} <code>{code}</code></span>)}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Hints that are no warning. */
const good = ['contact_confirmed'];

/** What the screening found before the call, for staff. */
function Hints({ codes }: { codes: string[] }) {
  return (
    <section class="card brief-card" data-testid="brief-hints">
      <h3 class="brief-staff">{t('brief.hints')} <Badge tone="staff" icon={EyeOff}>{t('notes.staffOnly')}</Badge></h3>
      <ul class="brief-list">
        {codes.map((code) => (
          <li class={`brief-hint ${good.includes(code) ? 'is-good' : 'is-warning'}`} key={code}>
            <Icon of={good.includes(code) ? CircleCheck : AlertTriangle} />
            <p>{word('screening', code) || <code>{code}</code>}<span class="quiet">{word('screeningLine', code)}</span></p>
          </li>
        ))}
      </ul>
      <p class="brief-advice quiet">{t('brief.hintsLine')}</p>
    </section>
  );
}

function Documents({ room }: { room: RoomDetail }) {
  const [open, setOpen] = useState('');
  const documents = room.documents ?? [];
  return (
    <section class="card brief-card">
      <h3>{t('brief.documents')}</h3>
      {documents.length === 0 && <p class="quiet">{t('brief.noDocuments')}</p>}
      <ul class="brief-documents">
        {documents.map((document) => {
          const kind = word('kind', document.kind) || document.kind;
          if (!document.width) return <li key={document.sha256}><p><a href={documentURL(room.id, document.sha256)} download data-testid="manager-document-file">{t('brief.openDocument', { kind })}</a> <span class="quiet">PDF</span></p></li>;
          return (
            <li key={document.sha256}>
              <button type="button" class="brief-picture" aria-label={t('brief.openDocument', { kind })} onClick={() => setOpen(document.sha256)}>
                <img src={documentURL(room.id, document.sha256)} alt="" loading="lazy" />
              </button>
              <p>{kind}</p>
              <p class="quiet figures">{t('brief.size', { width: document.width, height: document.height })}</p>
            </li>
          );
        })}
      </ul>
      {open && <PictureDialog title={word('kind', documents.find((each) => each.sha256 === open)?.kind ?? '')} url={documentURL(room.id, open)} onClose={() => setOpen('')} />}
    </section>
  );
}

function Outcome({ room }: { room: RoomDetail }) {
  if (!room.verdict) return null;
  return (
    <section class="card brief-card">
      <h3>{t('brief.outcome')}</h3>
      <p><VerdictBadge verdict={room.verdict}>{word('verdict', room.verdict)}</VerdictBadge></p>
      {!!room.reasons?.length && <p>{room.reasons.map((code) => <span class="reason" key={code}>{word('reason', code)} <code>{code}</code></span>)}</p>}
      <p class="quiet">{room.bundle ? t('brief.sealed') : t('brief.notSealed')}</p>
      {room.bundle && <p><code class="digest">{room.bundle}</code></p>}
    </section>
  );
}

function Invitation({ room, zone, onChange }: { room: RoomDetail; zone: string; onChange: () => void }) {
  const [dialog, setDialog] = useState<'' | 'link' | 'time' | 'cancel'>('');
  const close = () => setDialog('');
  const movable = room.state === 'invited' || room.state === 'booked';
  return (
    <section class="card brief-card">
      <h3>{t('brief.invitation')}</h3>
      <p class="quiet">{t('brief.invitationLine')}</p>
      <p class="brief-actions">
        <Button icon={Link2} data-testid="manager-new-link" onClick={() => setDialog('link')}>{t('brief.newLink')}</Button>
        {movable && <Button icon={CalendarClock} data-testid="manager-reschedule" onClick={() => setDialog('time')}>{t('brief.reschedule')}</Button>}
        {movable && <Button kind="ghost" icon={CircleSlash} data-testid="manager-cancel" onClick={() => setDialog('cancel')}>{t('brief.cancel')}</Button>}
      </p>
      {dialog === 'link' && <LinkDialog room={room} onClose={close} />}
      {dialog === 'time' && <RescheduleDialog room={room} zone={zone} onDone={onChange} onClose={close} />}
      {dialog === 'cancel' && <CancelDialog room={room} onDone={onChange} onClose={close} />}
    </section>
  );
}
