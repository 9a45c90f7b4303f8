import { useState } from 'preact/hooks';
import { ApiError } from '../shared/api';
import { Button, Dialog } from '../shared/ui';
import { drainNode, type Node } from './api';
import { t } from './text';

/** Asks once more, then lets a node finish its calls and take no new ones. */
export function DrainButton({ node }: { node: Node }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState(false);
  const [fault, setFault] = useState('');
  if (node.draining || told) return null;
  const words = node.id ? 'drain' : 'drain.alone'; // without Redis there is no other
  const name = node.id.slice(0, 12);
  const drain = async () => {
    setBusy(true);
    setFault('');
    try {
      await drainNode(node.id || 'self');
      setTold(true);
      setAsking(false);
    } catch (cause) {
      setFault(cause instanceof ApiError ? cause.message : String(cause));
    }
    setBusy(false);
  };
  return (
    <>
      <Button bar data-testid="wall-drain" aria-label={t(`${words}.name`, { node: name })} onClick={() => setAsking(true)}>{t('drain.do')}</Button>
      {asking && (
        <Dialog title={t(`${words}.title`, { node: name })} onClose={() => setAsking(false)} actions={<><Button kind="ghost" onClick={() => setAsking(false)}>{t('drain.back')}</Button><Button kind="danger" busy={busy} data-testid="wall-drain-now" onClick={() => void drain()}>{t('drain.now')}</Button></>}>
          <p>{t(`${words}.line`, { count: node.load })}</p>
          {fault && <p class="field-error" role="alert">{fault}</p>}
        </Dialog>
      )}
    </>
  );
}
