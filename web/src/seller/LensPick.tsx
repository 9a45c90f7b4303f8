import { classes } from '../shared/ui';
import type { Lens } from './lenses';
import { t } from './text';
import type { Visit } from './visit';

/** The choice of the lens, where the phone has more than flipping reaches. */
export function LensPick({ visit }: { visit: Visit }) {
  const { all, at, many, refused } = visit.lenses;
  if (!many.value) return null;
  return (
    <fieldset class="lenses" data-testid="seller-lenses">
      <legend class="sub">{t('check.lens.title')}</legend>
      {all.value.map((lens) => (
        <label class={classes('lens', lens.id === at.value && 'on')} key={lens.id}>
          <input type="radio" name="lens" class="only-read" checked={lens.id === at.value} onChange={() => void visit.useLens(lens.id)} />
          {lensName(lens)}
        </label>
      ))}
      <p class="sub" role="status">{refused.value && t('check.lens.failed')}</p>
    </fieldset>
  );
}

/** What a lens is called: by its side and what it is for, else as the device calls it. */
export function lensName({ side, kind, label, n }: Lens): string {
  const name = side === 'user' ? t('check.front') : side === '' ? label || t('check.camera') : kind === 'main' ? t('check.rear') : t(`check.lens.${kind}`);
  return n > 1 ? t('check.lens.more', { name, n }) : name;
}
