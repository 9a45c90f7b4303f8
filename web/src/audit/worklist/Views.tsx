import { X } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { useLoad } from '../../shared/load';
import { Button, Icon, classes } from '../../shared/ui';
import { parts, saveViews, savedViews, type Filters, type SavedView } from '../api';
import { t } from '../text';
import { isFiltered, noFilters, readFilters, writeFilters } from './filters';

/** The list's parts, and the auditor's own saved views, kept by the server. */
export function Views({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const kept = useLoad('views', savedViews);
  const [mine, setMine] = useState<SavedView[]>();
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const [failed, setFailed] = useState(false);
  const views = mine ?? kept.value?.views ?? [];
  const now = writeFilters(filters);
  const own = views.some((view) => view.query === now);
  const save = async (next: SavedView[]) => {
    const before = views;
    setMine(next);
    setFailed(false);
    await saveViews(next).catch(() => {
      setMine(before);
      setFailed(true);
    });
  };
  const add = (event: Event) => {
    event.preventDefault();
    if (!name.trim()) return;
    setNaming(false);
    setName('');
    void save([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), query: now }]);
  };
  return (
    <div class="views">
      <ul>
        {parts.map((part) => {
          const on = filters.part === part && !own;
          return <li key={part}><button type="button" class={classes('view', on && 'on')} aria-pressed={on} data-testid={`audit-view-${part}`} onClick={() => onChange(noFilters(part))}>{t(`list.parts.${part}`)}</button></li>;
        })}
        {views.map((view) => (
          <li key={view.name} class="saved-view">
            <button type="button" class={classes('view', view.query === now && 'on')} aria-pressed={view.query === now} data-testid="audit-saved-view" onClick={() => onChange(readFilters(view.query))}>{view.name}</button>
            {view.query === now && <button type="button" class="drop-view" aria-label={t('list.dropView', { name: view.name })} title={t('list.dropView', { name: view.name })} data-testid="audit-drop-view" onClick={() => void save(views.filter((each) => each !== view))}><Icon of={X} size={12} /></button>}
          </li>
        ))}
      </ul>
      {naming ? (
        <form class="name-view" onSubmit={add} onKeyDown={(event) => event.key === 'Escape' && setNaming(false)}>
          <input type="text" maxLength={40} autofocus aria-label={t('list.viewName')} placeholder={t('list.viewName')} data-testid="audit-view-name" value={name} onInput={(event) => setName(event.currentTarget.value)} />
          <Button bar type="submit" data-testid="audit-view-keep">{t('list.saveNow')}</Button>
        </form>
      ) : (
        isFiltered(filters) && !filters.seller && !own && views.length < 20 && <Button kind="link" data-testid="audit-save-view" onClick={() => setNaming(true)}>{t('list.saveView')}</Button>
      )}
      {failed && <span class="field-error" role="alert">{t('list.viewsFailed')}</span>}
    </div>
  );
}
