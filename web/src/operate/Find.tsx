import { Search } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { bindKeys } from '../shared/hotkeys';
import { go } from '../shared/route';
import { Icon } from '../shared/ui';
import type { WallNow } from './api';
import { t } from './text';

const roomForm = /^R-[0-9A-HJKMNP-TV-Z]{8}$/;

/** The search for one room by its number: its tile where it is live, else what is kept of it. */
export function Find({ now }: { now: WallNow | undefined }) {
  const [text, setText] = useState('');
  const [none, setNone] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => bindKeys({ '/': () => field.current?.focus() }), []);
  const find = (event: Event) => {
    event.preventDefault();
    const wanted = text.trim().toUpperCase();
    const room = wanted.startsWith('R-') ? wanted : `R-${wanted}`;
    setNone(!roomForm.test(room));
    if (!roomForm.test(room)) return;
    if (!now?.calls.some((call) => call.room === room)) return go(`/operate/retention?room=${room}`);
    const tile = document.querySelector<HTMLElement>(`[data-testid="wall-tile"][data-room="${CSS.escape(room)}"]`);
    tile?.scrollIntoView({ block: 'nearest' });
    tile?.focus();
  };
  return (
    <form class="find-room" role="search" aria-label={t('find')} onSubmit={find}>
      <Icon of={Search} />
      <input ref={field} type="search" autocomplete="off" spellcheck={false} aria-label={t('find')} aria-invalid={none || undefined} placeholder={t('find')} data-testid="wall-find" value={text} onInput={(event) => { setNone(false); setText(event.currentTarget.value); }} />
      {none ? <span class="field-error" role="status">{t('findNone')}</span> : <kbd class="key">/</kbd>}
    </form>
  );
}
