import { Download, ReceiptText } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { get } from '../shared/api';
import { dayShort } from '../shared/times';
import { Icon } from '../shared/ui';
import { t } from './text';

type Paper = { kept: { class: string; until: string }[]; deletion: string };

const path = '/api/seller/receipt';
const classes = ['recording', 'stills', 'documents', 'record'] as const;

/** What is kept of the seller and until when, with the signed paper to take away; nothing while it isn't ready. */
export function Receipt({ digest }: { digest: string | undefined }) {
  const [paper, setPaper] = useState<Paper | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    get<Paper>(path, stop.signal).then(setPaper, () => undefined); // it comes with the sealed record
    return () => stop.abort();
  }, [digest]);
  if (!paper) return null;
  return (
    <section class="card outcome-row" data-testid="seller-receipt">
      <Icon of={ReceiptText} size={24} />
      <div>
        <h2 class="outcome-strong">{t('receipt.title')}</h2>
        <dl class="receipt">
          {classes.map((name) => {
            const kept = paper.kept.find((each) => each.class === name);
            return kept && (
              <div key={name}>
                <dt>{t(`receipt.${name}`)}</dt>
                <dd class="figures">{dayShort(kept.until)}</dd>
              </div>
            );
          })}
        </dl>
        <p class="outcome-sub">{t('receipt.after')}</p>
        <a class="button secondary wide" href={path} download data-testid="seller-receipt-save">
          <Icon of={Download} size={20} />
          <span>{t('receipt.save')}</span>
        </a>
      </div>
    </section>
  );
}
