import { EyeOff, FileText, Flag } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Flags, type State } from '../../protocol';
import { clock } from '../../shared/times';
import { Badge, Button, Dialog, Field } from '../../shared/ui';
import { t, word } from '../text';
import type { Session } from './session';

const longest = 2000; // characters, the protocol's limit

type NotesProps = { session: Session; state: State; zone: string; onFlag: () => void };

/** Notes and silent flags: staff alone ever sees them. */
export function Notes({ session, state, zone, onFlag }: NotesProps) {
  const [writing, setWriting] = useState(false);
  const notes = state.staff?.notes ?? [];
  const flags = state.staff?.flags ?? [];
  return (
    <section class="notes">
      <div class="notes-bar">
        <Button kind="ghost" bar icon={FileText} hotkey="N" id="note-open" aria-expanded={writing} data-testid="manager-note" onClick={() => setWriting(!writing)}>{t('notes.note')}</Button>
        {notes.length > 0 && <span class="quiet figures">{t('notes.count', { count: notes.length })}</span>}
        <span class="grow" />
        <Button kind="staff" bar icon={Flag} hotkey="⇧ S" data-testid="manager-flag" onClick={onFlag}>{t('notes.flag')}</Button>
      </div>
      {writing && <NoteForm session={session} onDone={() => setWriting(false)} />}
      {writing && notes.length > 0 && (
        <ul class="note-list">
          {notes.map((note, i) => <li key={i}><time class="quiet" dateTime={note.at}>{clock(note.at, zone)}</time> <span>{note.text}</span></li>)}
        </ul>
      )}
      {flags.length > 0 && (
        <ul class="flag-list" data-testid="manager-flags">
          {flags.map((flag, i) => (
            <li key={i}><Badge tone="staff" icon={Flag}>{word('flag', flag.code ?? '')}</Badge> <time class="quiet" dateTime={flag.at}>{clock(flag.at, zone)}</time> <span>{flag.text}</span></li>
          ))}
        </ul>
      )}
    </section>
  );
}

function NoteForm({ session, onDone }: { session: Session; onDone: () => void }) {
  const [text, setText] = useState('');
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  const leave = () => {
    onDone();
    document.getElementById('note-open')?.focus();
  };
  const save = async () => {
    if (text.trim() && (await session.ask('note', { text: text.trim() }))) leave();
  };
  return (
    <form
      class="note-form"
      onSubmit={(event) => { event.preventDefault(); void save(); }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') leave();
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save();
      }}
    >
      <textarea ref={area} class="input" rows={2} maxLength={longest} aria-label={t('notes.note')} placeholder={t('notes.placeholder')} data-testid="manager-note-input" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      {session.refusals.value.note && <p class="field-error" role="alert">{t('notes.failed', { why: session.refusals.value.note })}</p>}
      <p class="note-actions">
        <Button bar kind="ghost" onClick={leave}>{t('notes.cancel')}</Button>
        <Button bar type="submit" busy={!!session.busy.value.note} locked={!text.trim()} hotkey="Ctrl ↵" data-testid="manager-note-save">{t('notes.save')}</Button>
      </p>
    </form>
  );
}

/** The chooser of a silent flag: nothing fires before Set. */
export function FlagDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const [code, setCode] = useState('');
  const [text, setText] = useState('');
  const set = async () => {
    if (code && (await session.ask('flag', { code, ...(text.trim() ? { text: text.trim() } : {}) }))) onClose();
  };
  return (
    <Dialog
      title={t('notes.flagTitle')}
      class="flag-dialog"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('notes.cancel')}</Button>
          <Button kind="staff" icon={Flag} locked={!code} busy={!!session.busy.value.flag} data-testid="manager-flag-set" onClick={() => void set()}>{t('notes.flagSet')}</Button>
        </>
      }
    >
      <p class="flag-staff tone-staff"><EyeOff size={16} aria-hidden="true" /> <span><strong>{t('notes.staffOnly')}.</strong> {t('notes.flagLine')}</span></p>
      <div role="radiogroup" aria-label={t('notes.flagTitle')} class="flag-choices">
        {Flags.map((each, i) => (
          <label class="flag-choice" key={each}>
            <input type="radio" name="flag" autofocus={i === 0} checked={code === each} data-testid={`manager-flag-${each}`} onChange={() => setCode(each)} />
            <span>{word('flag', each)} <code class="quiet">{each}</code><span class="quiet">{word('notes.codeLines', each)}</span></span>
          </label>
        ))}
      </div>
      <Field label={t('notes.flagText')}>
        {(control) => <textarea {...control} class="input" rows={2} maxLength={longest} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      {session.refusals.value.flag && <p class="field-error" role="alert">{t('notes.failed', { why: session.refusals.value.flag })}</p>}
    </Dialog>
  );
}
