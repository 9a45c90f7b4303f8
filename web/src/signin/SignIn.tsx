import type { Signal } from '@preact/signals';
import { RefreshCw } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import signin from '../locales/en/signin.json';
import type { ApiError } from '../shared/api';
import { catalogue, t as tCommon } from '../shared/i18n';
import { Brand, Button } from '../shared/ui';

export const t = catalogue('signin', signin);

const told = ['link_expired', 'link_unknown', 'network'] as const;

/** The staff sign-in: nothing to do while it works, and plain words when the link doesn't. */
export function SignIn({ refused, retry }: { refused: Signal<ApiError | null>; retry: () => void }) {
  const fault = refused.value;
  return (
    <div class="simple signin">
      <header class="simple-head">
        <Brand href="/" />
      </header>
      <main aria-live="polite">{fault ? <Refused fault={fault} retry={retry} /> : <Signing />}</main>
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
