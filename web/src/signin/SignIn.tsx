import type { Signal } from '@preact/signals';
import { Building2, KeyRound, RefreshCw } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import signin from '../locales/en/signin.json';
import { ApiError } from '../shared/api';
import { catalogue, staffLanguages, t as tCommon } from '../shared/i18n';
import { hasPasskeys, type PasskeyError } from '../shared/passkey';
import { Brand, Button, Field, Icon, LanguageChoice } from '../shared/ui';

export const t = catalogue('signin', signin);

/** By what staff can sign in here. */
export interface Ways {
  passkeys: boolean;
  /** Name of the OpenID Connect provider, where there is one. */
  openid?: string;
}

/** Why the provider's answer led nowhere. */
export type Failed = 'away' | 'refused' | 'no_role' | 'late';

/** Where the page is. */
export type At =
  | { step: 'signing' }
  | { step: 'choose'; ways: Ways; failed: Failed | null }
  | { step: 'invited'; name: string }
  | { step: 'refused'; fault: ApiError };

type Props = {
  at: Signal<At>;
  hint: Signal<PasskeyError['kind'] | ApiError | null>;
  busy: Signal<boolean>;
  retry: () => void;
  create: (name: string) => void;
  use: () => void;
};

/** The staff sign-in: by a link, by an invitation that makes a passkey, or by a passkey. */
export function SignIn({ at, hint, busy, retry, create, use }: Props) {
  const now = at.value;
  return (
    <div class="simple signin">
      <header class="simple-head">
        <Brand href="/" />
        <LanguageChoice offered={staffLanguages} />
      </header>
      <main aria-live="polite">
        {now.step === 'signing' && <Signing />}
        {now.step === 'choose' && <Choose ways={now.ways} failed={now.failed} hint={hint.value} busy={busy.value} use={use} />}
        {now.step === 'invited' && <Invited name={now.name} hint={hint.value} busy={busy.value} create={create} />}
        {now.step === 'refused' && <Refused fault={now.fault} retry={retry} />}
      </main>
    </div>
  );
}

function Signing() {
  return (
    <>
      <span class="ring" aria-hidden="true" />
      <h1 class="simple-title">{t('signing')}</h1>
      <p class="simple-lead">{t('signingLead')}</p>
    </>
  );
}

/** What went wrong with the last try, and that nothing is lost by it. */
function Hint({ of }: { of: PasskeyError['kind'] | ApiError | null }) {
  if (!of) return null;
  const said = of instanceof ApiError ? (of.code === 'unauthorized' ? t('hint.refused') : of.code === 'link_expired' ? t('hint.late') : of.message) : t(`hint.${of}`);
  return (
    <p class="signin-hint tone-warn" role="alert" data-testid="signin-hint">
      {said}
    </p>
  );
}

type ChooseProps = { ways: Ways; failed: Failed | null; hint: PasskeyError['kind'] | ApiError | null; busy: boolean; use: () => void };

function Choose({ ways, failed, hint, busy, use }: ChooseProps) {
  const can = ways.passkeys && hasPasskeys();
  const lead = can && ways.openid ? 'choose.both' : can ? 'choose.lead' : ways.openid ? 'choose.company' : 'choose.none';
  return (
    <>
      <h1 class="simple-title">{t('choose.title')}</h1>
      <p class="simple-lead">{t(lead, { name: ways.openid ?? '' })}</p>
      {failed && (
        <p class="signin-hint tone-warn" role="alert" data-testid="signin-failed">
          {t(`provider.${failed}`, { name: ways.openid ?? '' })}
        </p>
      )}
      {ways.openid && (
        <a class="button primary wide" href="/oidc/start" data-testid="signin-openid">
          <Icon of={Building2} size={20} />
          <span>{t('choose.openid', { name: ways.openid })}</span>
        </a>
      )}
      {can && (
        <Button kind={ways.openid ? 'secondary' : 'primary'} wide icon={KeyRound} iconSize={20} busy={busy} data-testid="signin-passkey" onClick={use}>
          {t('choose.passkey')}
        </Button>
      )}
      <Hint of={hint} />
      {can && <p class="signin-foot">{t('choose.first')}</p>}
    </>
  );
}

type InvitedProps = { name: string; hint: PasskeyError['kind'] | ApiError | null; busy: boolean; create: (name: string) => void };

function Invited({ name, hint, busy, create }: InvitedProps) {
  const [called, setCalled] = useState(t('invited.suggested'));
  const can = hasPasskeys();
  return (
    <>
      <h1 class="simple-title">{t('invited.title', { name })}</h1>
      <p class="simple-lead">{t('invited.lead')}</p>
      {can ? (
        <form
          class="card signin-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) create(called.trim() || t('invited.suggested'));
          }}
        >
          <Field label={t('invited.label')} hint={t('invited.labelHint')}>
            {(control) => (
              <input {...control} class="input" maxLength={60} value={called} data-testid="signin-name" onInput={(event) => setCalled(event.currentTarget.value)} />
            )}
          </Field>
          <Button kind="primary" wide type="submit" icon={KeyRound} iconSize={20} busy={busy} data-testid="signin-create" onClick={() => undefined}>
            {t('invited.create')}
          </Button>
        </form>
      ) : (
        <Hint of="unsupported" />
      )}
      <Hint of={hint} />
      <Points>{[t('invited.point1'), t('invited.point2'), t('invited.point3')]}</Points>
    </>
  );
}

function Points({ children }: { children: ComponentChildren[] }) {
  return (
    <ul class="signin-points">
      {children.map((text, i) => (
        <li key={i}>{text}</li>
      ))}
    </ul>
  );
}

const told = ['link_expired', 'link_unknown', 'network'] as const;

function Refused({ fault, retry }: { fault: ApiError; retry: () => void }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const kind = told.find((code) => code === fault.code) ?? 'other';
  const again = kind === 'network' || kind === 'other';
  return (
    <>
      <h1 class="simple-title" tabIndex={-1} ref={title} data-testid="signin-refused">
        {t(`failed.${kind}.title`)}
      </h1>
      <p class="simple-lead">{t(`failed.${kind}.text`, { message: fault.message })}</p>
      <p class="card signin-next">{t(`failed.${kind}.next`)}</p>
      {again ? (
        <Button kind="primary" wide icon={RefreshCw} iconSize={20} data-testid="signin-again" onClick={retry}>
          {tCommon('tryAgain')}
        </Button>
      ) : (
        <nav class="signin-homes">
          <a class="button primary" href="/signin">
            {t('choose.title')}
          </a>
          <a class="button secondary" href="/manager">
            {t('manager')}
          </a>
          <a class="button secondary" href="/audit">
            {t('auditor')}
          </a>
        </nav>
      )}
    </>
  );
}
