import { UserRound, WifiOff } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { language } from '../shared/i18n';
import { useLoad } from '../shared/load';
import { useNow } from '../shared/now';
import { languageName } from '../shared/room';
import { Blank } from '../shared/staff';
import { Button, Strip } from '../shared/ui';
import { wall, type Me } from './api';
import { Frame } from './Frame';
import { Standing } from './Side';
import { t } from './text';

/** All account managers: what they speak, what they do now, until when they are certified. */
export function Managers({ me }: { me: Me }) {
  const look = useLoad('wall', wall, 5000);
  const now = useNow();
  useEffect(() => {
    document.title = `${t('managersTitle')} · ${t('brand')}`;
  }, []);
  const list = look.value?.managers ?? [];
  return (
    <Frame me={me} at="/operate/managers" title={t('managersTitle')}>
      <main class="kept kept-wide" aria-busy={!look.value && !look.fault}>
        {look.fault && <Strip tone="warn" icon={WifiOff} title={t('kept.failed')} action={<Button kind="link" onClick={look.reload}>{t('retry')}</Button>}>{look.fault.message}</Strip>}
        {!look.value && !look.fault && <><span class="bar-grey" /><span class="bar-grey" /></>}
        {look.value && list.length === 0 && <Blank icon={UserRound} title={t('noManagers')} />}
        {list.length > 0 && (
          <table class="kept-table">
            <thead><tr>{(['name', 'languages', 'now', 'certified'] as const).map((column) => <th scope="col" key={column}>{t(`managerColumns.${column}`)}</th>)}</tr></thead>
            <tbody>
              {list.map((manager) => (
                <tr key={manager.id} data-testid="manager-row">
                  <th scope="row">{manager.name} <code class="quiet">{manager.id}</code></th>
                  <td>{manager.languages.map((tag) => languageName(tag, language)).join(', ')}</td>
                  <td><Standing manager={manager} at={now} /></td>
                  <td class="figures">{manager.certified ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </main>
    </Frame>
  );
}
