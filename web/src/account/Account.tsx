import type { Signal } from '@preact/signals';
import { ArrowLeft, KeyRound, Monitor, Plus, RefreshCw, ShieldAlert } from 'lucide-preact';
import { useState } from 'preact/hooks';
import account from '../locales/en/account.json';
import { ApiError } from '../shared/api';
import { catalogue, staffLanguages, t as tCommon } from '../shared/i18n';
import { hasPasskeys, type PasskeyError } from '../shared/passkey';
import { clock, day } from '../shared/times';
import { Badge, Brand, Button, Dialog, Field, Icon, LanguageChoice, Strip } from '../shared/ui';

export const t = catalogue('account', account);

interface Key {
  id: string;
  name: string;
  added: string;
  used?: string;
}

interface Session {
  id: string;
  how: 'link' | 'passkey' | 'oidc' | '';
  agent: string;
  signed: string;
  seen: string;
  until: string;
  this?: boolean;
}

/** The own account, as the server tells it. */
export interface Mine {
  id: string;
  name: string;
  role: 'manager' | 'auditor' | 'operator';
  home: string;
  makes: boolean;
  passkeys: Key[];
  sessions: Session[];
}

/** Why the last change was not made. */
export type Trouble = ApiError | PasskeyError['kind'];

type Props = {
  mine: Signal<Mine | ApiError | null>;
  trouble: Signal<Trouble | null>;
  busy: Signal<boolean>;
  reload: () => void;
  add: (name: string) => void;
  remove: (id: string) => void;
  revoke: (id: string) => void;
};

/** The own passkeys and sessions of somebody of the staff. */
export function Account({ mine, trouble, busy, reload, add, remove, revoke }: Props) {
  const now = mine.value;
  const [asking, ask] = useState<{ what: 'key' | 'session'; id: string; name: string } | null>(null);
  return (
    <div class="simple account">
      <header class="simple-head">
        <Brand href="/" />
        <LanguageChoice offered={staffLanguages} />
      </header>
      <main>
        {!now && <div class="account-grey" aria-busy="true"><h1 class="only-read">{tCommon('loading')}</h1><span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" /></div>}
        {now instanceof ApiError && <Out fault={now} reload={reload} />}
        {now && !(now instanceof ApiError) && (
          <>
            <div>
              <a class="account-back" href={now.home}>
                <Icon of={ArrowLeft} />
                <span>{t('back')}</span>
              </a>
              <h1 class="simple-title">{now.name}</h1>
              <p class="simple-lead">{t('who', { role: t(`role.${now.role}`), id: now.id })}</p>
            </div>
            {trouble.value && (
              <Strip tone="warn" icon={ShieldAlert} title={words(trouble.value)} urgent />
            )}
            <Keys mine={now} busy={busy.value} add={add} ask={(key) => ask({ what: 'key', id: key.id, name: key.name })} />
            <Sessions sessions={now.sessions} ask={(one) => ask({ what: 'session', id: one.id, name: one.agent || t('someBrowser') })} />
          </>
        )}
      </main>
      {asking && (
        <Dialog
          title={t(asking.what === 'key' ? 'keys.removeTitle' : 'sessions.endTitle', { name: asking.name })}
          onClose={() => ask(null)}
          actions={
            <>
              <Button onClick={() => ask(null)}>{tCommon('cancel')}</Button>
              <Button
                kind="danger"
                data-testid="account-confirm"
                onClick={() => {
                  (asking.what === 'key' ? remove : revoke)(asking.id);
                  ask(null);
                }}
              >
                {t(asking.what === 'key' ? 'keys.remove' : 'sessions.end')}
              </Button>
            </>
          }
        >
          <p>{t(asking.what === 'key' ? 'keys.removeText' : 'sessions.endText')}</p>
        </Dialog>
      )}
    </div>
  );
}

function words(trouble: Trouble): string {
  if (!(trouble instanceof ApiError)) return t(`trouble.${trouble}`);
  if (trouble.code === 'forbidden') return t('trouble.stale');
  if (trouble.code === 'wrong_state') return t('trouble.last');
  return trouble.message;
}

function Out({ fault, reload }: { fault: ApiError; reload: () => void }) {
  const out = fault.status === 401 || fault.status === 403;
  return (
    <>
      <h1 class="simple-title">{out ? t('out') : t('failed')}</h1>
      <p class="simple-lead">{out ? t('outText') : fault.message}</p>
      {out ? (
        <a class="button primary" href="/signin">
          {tCommon('signIn')}
        </a>
      ) : (
        <Button icon={RefreshCw} onClick={reload}>
          {tCommon('tryAgain')}
        </Button>
      )}
    </>
  );
}

type KeysProps = { mine: Mine; busy: boolean; add: (name: string) => void; ask: (key: Key) => void };

function Keys({ mine, busy, add, ask }: KeysProps) {
  const [name, setName] = useState('');
  const can = mine.makes && hasPasskeys();
  const lone = mine.passkeys.length === 1;
  return (
    <section class="account-part" aria-labelledby="keys">
      <h2 id="keys" class="simple-strong">{t('keys.title')}</h2>
      <p class="simple-sub">{mine.passkeys.length === 0 ? t('keys.none') : lone ? t('keys.lone') : t('keys.several')}</p>
      {mine.passkeys.length > 0 && (
        <ul class="card account-rows">
          {mine.passkeys.map((key) => (
            <li key={key.id} data-testid="account-key">
              <Icon of={KeyRound} size={20} />
              <div>
                <p class="account-name">{key.name}</p>
                <p class="account-fine">
                  {t('keys.added', { day: day(key.added) })} · {key.used ? t('keys.used', { day: day(key.used), time: clock(key.used) }) : t('keys.unused')}
                </p>
              </div>
              <Button kind="ghost" busy={busy} data-testid="account-remove" aria-label={t('keys.removeTitle', { name: key.name })} onClick={() => ask(key)}>
                {t('keys.remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {can ? (
        <form
          class="account-add"
          onSubmit={(event) => {
            event.preventDefault();
            if (busy) return;
            add(name.trim() || t('keys.suggested'));
            setName('');
          }}
        >
          <Field label={t('keys.label')}>
            {(control) => (
              <input {...control} class="input" maxLength={60} placeholder={t('keys.suggested')} value={name} data-testid="account-name" onInput={(event) => setName(event.currentTarget.value)} />
            )}
          </Field>
          <Button type="submit" icon={Plus} busy={busy} data-testid="account-add" onClick={() => undefined}>
            {t('keys.add')}
          </Button>
        </form>
      ) : (
        <p class="account-fine">{t('keys.cannot')}</p>
      )}
    </section>
  );
}

function Sessions({ sessions, ask }: { sessions: Session[]; ask: (one: Session) => void }) {
  return (
    <section class="account-part" aria-labelledby="sessions">
      <h2 id="sessions" class="simple-strong">{t('sessions.title')}</h2>
      <p class="simple-sub">{t('sessions.text')}</p>
      <ul class="card account-rows">
        {sessions.map((one) => (
          <li key={one.id} data-testid="account-session">
            <Icon of={Monitor} size={20} />
            <div>
              <p class="account-name">
                {one.agent || t('someBrowser')} {one.this && <Badge tone="ok">{t('sessions.this')}</Badge>}
              </p>
              <p class="account-fine">
                {t(`sessions.how.${one.how || 'link'}`)} · {t('sessions.signed', { day: day(one.signed), time: clock(one.signed) })} ·{' '}
                {t('sessions.until', { day: day(one.until), time: clock(one.until) })}
              </p>
            </div>
            <Button kind="ghost" data-testid="account-end" aria-label={t('sessions.endTitle', { name: one.agent || t('someBrowser') })} onClick={() => ask(one)}>
              {t('sessions.end')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
