import { Check, WifiOff } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { useLoad } from '../../shared/load';
import { day } from '../../shared/times';
import { Button, Icon } from '../../shared/ui';
import { t as tCommon } from '../../shared/i18n';
import { NextCall } from '../appeal/Again';
import { Screen } from '../Screen';
import { t } from '../text';
import { kept, type KeptPicture } from './api';
import './code.css';

/** What is kept of the seller: name, fields, pictures. Opened by a code; shuts again after half an hour. */
export function Kept({ next, back, ask }: { next?: string | undefined; back: () => void; ask: () => void }) {
  const load = useLoad('kept', kept);
  const fault = load.fault instanceof ApiError && !load.value ? load.fault : null;
  const shut = fault?.code === 'needs_code';
  useEffect(() => {
    if (shut) ask();
  }, [shut]);
  const mine = load.value;
  return (
    <Screen title={t('kept.title')} testid="seller-kept" back={back}>
      <h1 class="title">{t('kept.title')}</h1>
      {fault && !shut && (
        <>
          <p class="lead">{fault.message}</p>
          <Button icon={WifiOff} onClick={load.reload}>
            {tCommon('tryAgain')}
          </Button>
        </>
      )}
      {mine && (
        <>
          <dl class="card kept-fields">
            <div>
              <dt>{t('kept.name')}</dt>
              <dd>{mine.sellerName}</dd>
            </div>
            {mine.managerName && (
              <div>
                <dt>{t('kept.manager')}</dt>
                <dd>{mine.managerName}</dd>
              </div>
            )}
            {Object.entries(mine.fields).map(([field, value]) => (
              <div key={field}>
                <dt>{fieldWord(field)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <Pictures title={t('kept.documents')} pictures={mine.documents} word={documentWord} />
          <Pictures title={t('kept.stills')} pictures={mine.stills} word={stillWord} />
          {mine.compared.length > 0 && (
            <section aria-label={t('kept.compared')}>
              <h2 class="strong">{t('kept.compared')}</h2>
              <ul class="card kept-compared" data-testid="seller-compared">
                {mine.compared.map((item) => (
                  <li key={item}>
                    <Icon of={Check} size={20} />
                    {t(`kept.item.${item as 'face'}`)}
                  </li>
                ))}
              </ul>
              <p class="fine">{t('kept.comparedText')}</p>
            </section>
          )}
          {next && <NextCall at={next} />}
          <p class="fine">
            {mine.until && t('kept.until', { day: day(mine.until) })}{mine.until && '. '}
            {t('kept.shuts')}
          </p>
        </>
      )}
    </Screen>
  );
}

function fieldWord(field: string): string {
  const word = t(`kept.field.${field as 'surname'}`);
  return word.startsWith('kept.') ? field.replaceAll('_', ' ') : word;
}

const documentWord = (name: string) => t(`documents.${name as 'id_front'}`);
const stillWord = (name: string) => t(`kept.slot.${name as 'FACE'}`);

function Pictures({ title, pictures, word }: { title: string; pictures: KeptPicture[]; word: (name: string) => string }) {
  if (pictures.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2 class="strong">{title}</h2>
      <ul class="kept-pictures">
        {pictures.map((picture) => (
          <li key={picture.url}>
            {picture.width ? (
              <>
                <img src={picture.url} width={picture.width} height={picture.height} alt={word(picture.name)} loading="lazy" />
                <p class="fine">{word(picture.name)}</p>
              </>
            ) : (
              <a href={picture.url} download>{word(picture.name)} (PDF)</a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
