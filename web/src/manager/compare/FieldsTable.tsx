import { AlertTriangle, Check } from 'lucide-preact';
import { Icon, classes } from '../../shared/ui';
import type { Session } from '../console/session';
import { t, word } from '../text';
import { Decisions } from './Decisions';
import type { Desk } from './desk';
import { fieldItems, likeness, normalised, type FieldItem, type Stretch } from './fields';

/** Filed value beside what the manager reads on the document, with a decision for each. */
export function FieldsTable({ session, desk }: { session: Session; desk: Desk }) {
  const current = desk.open.value[0];
  return (
    <div class="fields">
      <div class="fields-head" aria-hidden="true">
        <span>{t('compare.stored')}</span>
        <span>{t('compare.typed')}</span>
        <span class="fields-keys">{t('compare.progress', { done: fieldItems.length - desk.open.value.length, all: fieldItems.length })} <kbd class="key">A</kbd> <kbd class="key">S</kbd> <kbd class="key">G</kbd></span>
      </div>
      {fieldItems.map((item) => <FieldRow key={item} desk={desk} item={item} current={item === current} />)}
      {session.refusals.value.compare && <p class="field-error compare-fault" role="alert">{t('compare.failed', { why: session.refusals.value.compare })}</p>}
    </div>
  );
}

function FieldRow({ desk, item, current }: { desk: Desk; item: FieldItem; current: boolean }) {
  const stored = desk.filed(item);
  const typed = desk.read(item);
  const like = stored ? likeness(item, stored, typed) : 'empty';
  const name = word('item', item);
  return (
    <section class={classes('field-row', current && 'current')} aria-label={name}>
      <div>
        <h3>{name}</h3>
        <p class={classes('field-stored', item === 'number' && 'mono')}>{stored || <span class="quiet">{t('compare.notFiled')}</span>}</p>
      </div>
      <div>
        <input
          class={classes('input', item === 'number' && 'mono')}
          maxLength={120}
          autocomplete="off"
          spellcheck={false}
          aria-label={`${name}: ${t('compare.typed')}`}
          placeholder={t('compare.typedHint')}
          data-testid={`manager-typed-${item}`}
          value={typed}
          onInput={(event) => desk.type(item, event.currentTarget.value)}
        />
        <p class={classes('likeness', like)} id={`like-${item}`}>
          {like === 'equal' && <Icon of={Check} size={12} />}
          {(like === 'near' || like === 'other') && <Icon of={AlertTriangle} size={12} />}
          {word('compare.like', like)}
        </p>
      </div>
      <Decisions desk={desk} item={item} words="decision" described={`like-${item}`} />
      {(like === 'near' || like === 'other') && <Normalised item={item} stored={stored} typed={typed} />}
    </section>
  );
}

/** Both values written one way, what differs marked. */
function Normalised({ item, stored, typed }: { item: FieldItem; stored: string; typed: string }) {
  const [a, b] = normalised(item, stored, typed);
  return (
    <p class={classes('normalised', item === 'name' && 'words')} data-testid={`manager-normalised-${item}`}>
      <span class="quiet">{t('compare.normalised')}</span>
      <Stretches of={a} /> <span class="quiet" aria-hidden="true">↔</span> <Stretches of={b} />
    </p>
  );
}

function Stretches({ of: stretches }: { of: Stretch[] }) {
  return <code>{stretches.map(({ text, same }, i) => (same ? <span key={i}>{text}</span> : <mark key={i}>{text}</mark>))}</code>;
}
