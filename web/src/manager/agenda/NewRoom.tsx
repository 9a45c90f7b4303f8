import { AlertTriangle } from 'lucide-preact';
import { useRef, useState } from 'preact/hooks';
import { ApiError, newKey } from '../../shared/api';
import { language, languages } from '../../shared/i18n';
import { languageName } from '../../shared/room';
import { onLink } from '../../shared/route';
import { city, clock } from '../../shared/times';
import { Button, Dialog, Field, Strip } from '../../shared/ui';
import { instantOf, wallOf } from '../../shared/walltime';
import { create, type Me } from '../api';
import { fieldLabel, t, word } from '../text';
import { Clash } from './Clash';
import { LinkBox } from './dialogs';
import { Pictures, type Picture } from './Pictures';

const zones: string[] = Intl.supportedValuesOf('timeZone');
const documentTypes = ['id_card', 'passport', 'driving_licence', 'residence_permit'] as const;
const plainFields = ['surname', 'given_names', 'birth_date', 'document_type', 'document_number', 'expiry_date', 'address', 'business'] as const;

interface Draft {
  name: string;
  mail: string;
  language: string;
  zone: string;
  when: 'now' | 'later' | 'book';
  wall: string; // in the manager's zone
  application: Record<string, string>;
}

type Wrong = Partial<Record<'name' | 'mail' | 'zone' | 'wall' | 'birth_date' | 'expiry_date', string>>;

type NewRoomProps = { me: Me; onMade: (id: string) => void; onClose: () => void };

/** Makes a room, then shows the seller's link. */
export function NewRoomDialog({ me, onMade, onClose }: NewRoomProps) {
  const [draft, setDraft] = useState<Draft>(() => blank(me.zone));
  const [pictures, setPictures] = useState<Picture[]>([]);
  const [wrong, setWrong] = useState<Wrong>({});
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState('');
  const [made, setMade] = useState<{ id: string; sellerLink: string }>();
  const sending = useRef(false); // a key comes before the button is drawn as busy
  const key = useRef(newKey()); // an answer may be lost: sent again, it is the same room
  const set = (change: Partial<Draft>) => {
    setWrong({}); // a fault has been read; the next try finds what is left
    setDraft((before) => ({ ...before, ...change }));
  };

  const submit = async () => {
    if (sending.current) return;
    const faults = check(draft, me.zone);
    setWrong(faults);
    if (Object.keys(faults).length) return;
    sending.current = true;
    setBusy(true);
    setWhy('');
    try {
      const answer = await create(toRoom(draft, me.zone, pictures), key.current);
      setMade(answer);
      onMade(answer.id);
    } catch (cause) {
      const other = cause instanceof ApiError && cause.code === 'conflict'; // than what the first try sent
      setWhy(other ? t('newRoom.perhapsMade') : cause instanceof ApiError ? cause.message : String(cause));
    }
    sending.current = false;
    setBusy(false);
  };

  if (made) return <Made name={draft.name} made={made} onClose={onClose} />;
  return (
    <Dialog
      title={t('newRoom.title')}
      class="new-room"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('newRoom.back')}</Button>
          <Button kind="primary" busy={busy} hotkey="Ctrl ↵" data-testid="manager-new-submit" onClick={() => void submit()}>{t('newRoom.create')}</Button>
        </>
      }
    >
      <form
        onSubmit={(event) => { event.preventDefault(); void submit(); }}
        onKeyDown={(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) void submit(); }}
      >
        <p class="quiet">{t('newRoom.intro')}</p>
        {why && <Strip tone="danger" icon={AlertTriangle} title={t('newRoom.failed')} urgent>{why}</Strip>}
        <SellerFields draft={draft} wrong={wrong} set={set} />
        <When draft={draft} wrong={wrong} zone={me.zone} set={set} />
        <Application draft={draft} wrong={wrong} set={set} />
        <fieldset>
          <legend>{t('newRoom.documents')}</legend>
          <p class="quiet">{t('newRoom.documentsHint')}</p>
          <Pictures pictures={pictures} onChange={setPictures} />
        </fieldset>
      </form>
    </Dialog>
  );
}

function Made({ name, made, onClose }: { name: string; made: { id: string; sellerLink: string }; onClose: () => void }) {
  return (
    <Dialog
      title={t('link.title')}
      class="link-dialog"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose} data-testid="manager-link-close">{t('link.close')}</Button>
          <a class="button primary" href={`/manager/room/${made.id}`} data-testid="manager-made-open" onClick={(event) => { onClose(); onLink(event); }}>{t('link.open')}</a>
        </>
      }
    >
      <p class="lead">{t('link.intro', { name })}</p>
      <LinkBox link={made.sellerLink} />
    </Dialog>
  );
}

type Part = { draft: Draft; wrong: Wrong; set: (change: Partial<Draft>) => void };

function SellerFields({ draft, wrong, set }: Part) {
  return (
    <fieldset class="two">
      <legend>{t('newRoom.who')}</legend>
      <Field label={t('newRoom.name')} error={wrong.name}>
        {(control) => <input {...control} class="input" required autofocus maxLength={200} autocomplete="off" data-testid="manager-new-name" value={draft.name} onInput={(event) => set({ name: event.currentTarget.value })} />}
      </Field>
      <Field label={t('newRoom.mail')} error={wrong.mail}>
        {(control) => <input {...control} class="input" type="email" required maxLength={200} autocomplete="off" data-testid="manager-new-mail" value={draft.mail} onInput={(event) => set({ mail: event.currentTarget.value })} />}
      </Field>
      <Field label={t('newRoom.language')}>
        {(control) => (
          <select {...control} class="input" data-testid="manager-new-language" value={draft.language} onChange={(event) => set({ language: event.currentTarget.value })}>
            {languages.map((code) => <option value={code} key={code}>{languageName(code, language)}</option>)}
          </select>
        )}
      </Field>
      <Field label={t('newRoom.zone')} error={wrong.zone}>
        {(control) => (
          <>
            <input {...control} class="input" list="zones" autocomplete="off" data-testid="manager-new-zone" value={draft.zone} onInput={(event) => set({ zone: event.currentTarget.value })} />
            <datalist id="zones">{zones.map((zone) => <option value={zone} key={zone} />)}</datalist>
          </>
        )}
      </Field>
    </fieldset>
  );
}

function When({ draft, wrong, zone, set }: Part & { zone: string }) {
  const at = instantOf(draft.wall, zone);
  const there = Number.isFinite(at.getTime()) && zones.includes(draft.zone) ? t('newRoom.there', { time: clock(at, draft.zone), city: city(draft.zone) }) : undefined;
  return (
    <fieldset>
      <legend>{t('newRoom.when')}</legend>
      <div class="when">
        <label class="choice"><input type="radio" name="when" checked={draft.when === 'now'} data-testid="manager-new-now" onChange={() => set({ when: 'now' })} /> <span>{t('newRoom.now')}<span class="quiet"> {t('newRoom.nowHint')}</span></span></label>
        <label class="choice"><input type="radio" name="when" checked={draft.when === 'later'} data-testid="manager-new-later" onChange={() => set({ when: 'later' })} /> <span>{t('newRoom.later')}</span></label>
        <label class="choice"><input type="radio" name="when" checked={draft.when === 'book'} data-testid="manager-new-book" onChange={() => set({ when: 'book' })} /> <span>{t('newRoom.book')}<span class="quiet"> {t('newRoom.bookHint')}</span></span></label>
        {draft.when === 'later' && (
          <Field label={t('newRoom.date')} hint={there} error={wrong.wall}>
            {(control) => <input {...control} class="input" type="datetime-local" data-testid="manager-new-at" value={draft.wall} onInput={(event) => set({ wall: event.currentTarget.value })} />}
          </Field>
        )}
      </div>
      {draft.when === 'later' && <Clash at={at} zone={zone} />}
    </fieldset>
  );
}

function Application({ draft, wrong, set }: Part) {
  const change = (field: string, value: string) => set({ application: { ...draft.application, [field]: value } });
  return (
    <fieldset class="two">
      <legend>{t('newRoom.filed')}</legend>
      <p class="quiet spans">{t('newRoom.filedHint')}</p>
      {plainFields.map((field) => (
        <Field label={fieldLabel(field)} error={wrong[field as keyof Wrong]} key={field}>
          {(control) =>
            field === 'document_type' ? (
              <select {...control} class="input" data-testid={`manager-new-${field}`} value={draft.application[field] ?? ''} onChange={(event) => change(field, event.currentTarget.value)}>
                <option value="">{t('newRoom.choose')}</option>
                {documentTypes.map((type) => <option value={type} key={type}>{word('documentType', type)}</option>)}
              </select>
            ) : (
              <input
                {...control}
                class="input"
                maxLength={200}
                autocomplete="off"
                placeholder={field.endsWith('_date') ? '1974-08-12' : undefined}
                data-testid={`manager-new-${field}`}
                value={draft.application[field] ?? ''}
                onInput={(event) => change(field, event.currentTarget.value)}
              />
            )
          }
        </Field>
      ))}
    </fieldset>
  );
}

function blank(zone: string): Draft {
  const soon = new Date(Math.ceil((Date.now() + 3600_000) / 1_800_000) * 1_800_000);
  return { name: '', mail: '', language: languages[0], zone, when: 'now', wall: wallOf(soon, zone), application: {} };
}

function check(draft: Draft, zone: string): Wrong {
  const wrong: Wrong = {};
  if (!draft.name.trim()) wrong.name = t('newRoom.needName');
  if (!/^[^\s@]+@[^\s@]+$/.test(draft.mail.trim())) wrong.mail = t('newRoom.needMail');
  if (!zones.includes(draft.zone) && draft.zone !== 'UTC') wrong.zone = t('newRoom.needZone');
  if (draft.when === 'later' && !(instantOf(draft.wall, zone).getTime() >= Date.now())) wrong.wall = t('newRoom.needTime');
  for (const field of ['birth_date', 'expiry_date'] as const) {
    const value = draft.application[field]?.trim();
    if (value && !/^\d{4}-\d{2}-\d{2}$/.test(value)) wrong[field] = t('newRoom.needDate');
  }
  return wrong;
}

function toRoom(draft: Draft, zone: string, pictures: Picture[]) {
  const application = Object.fromEntries(Object.entries(draft.application).map(([field, value]) => [field, value.trim()]).filter(([, value]) => value));
  return {
    seller: { name: draft.name.trim(), mail: draft.mail.trim() },
    language: draft.language,
    zone: draft.zone,
    ...(draft.when === 'later' && { at: instantOf(draft.wall, zone).toISOString() }),
    ...(draft.when === 'book' && { book: true }),
    application,
    documents: pictures.map(({ kind, data }) => ({ kind, data })),
  };
}
