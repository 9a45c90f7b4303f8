import { AlertTriangle, CircleCheck } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { useLoad } from '../../shared/load';
import { clock, day } from '../../shared/times';
import { Button, Dialog, Field, Strip } from '../../shared/ui';
import { drawSample, samples, type Me, type Sample } from '../api';
import { t } from '../text';
import { noFilters, toQuery } from './filters';

type SampleDialogProps = { me: Me; managers: { id: string; name: string }[]; profiles: string[]; onClose: () => void; onDrawn: () => void };

/** Has the server draw a random sample of decided rooms. */
export function SampleDialog({ me, managers, profiles, onClose, onDrawn }: SampleDialogProps) {
  const [percent, setPercent] = useState('10');
  const [ask, setAsk] = useState({ from: '', to: '', manager: '', profile: '' });
  const [busy, setBusy] = useState(false);
  const [drawn, setDrawn] = useState<Sample>();
  const [fault, setFault] = useState('');
  const earlier = useLoad('samples', samples);
  const good = Number(percent) >= 1 && Number(percent) <= 100 && Number.isInteger(Number(percent));
  const draw = async () => {
    setBusy(true);
    setFault('');
    const { from, to } = toQuery({ ...noFilters(), ...ask }, me.zone, Date.now());
    try {
      setDrawn(await drawSample({ percent: Number(percent), manager: ask.manager, profile: ask.profile, ...(from ? { from } : {}), ...(to ? { to } : {}) }));
      onDrawn();
      earlier.reload();
    } catch (cause) {
      setFault(cause instanceof ApiError ? cause.message : String(cause));
    }
    setBusy(false);
  };
  const before = earlier.value?.samples ?? [];
  return (
    <Dialog
      title={t('sample.title')} class="sample" onClose={onClose}
      actions={<><Button kind="ghost" onClick={onClose}>{t('sample.close')}</Button><Button kind="primary" busy={busy} locked={!good} data-testid="audit-sample-draw" onClick={() => void draw()}>{t('sample.draw')}</Button></>}
    >
      <p class="quiet">{t('sample.line')}</p>
      <div class="sample-form">
        <Field label={t('sample.percent')}>{(control) => <input class="input figures" type="number" min={1} max={100} step={1} data-testid="audit-sample-percent" value={percent} onInput={(event) => setPercent(event.currentTarget.value)} {...control} />}</Field>
        <Field label={t('sample.from')}>{(control) => <input class="input" type="date" value={ask.from} onChange={(event) => setAsk({ ...ask, from: event.currentTarget.value })} {...control} />}</Field>
        <Field label={t('sample.to')}>{(control) => <input class="input" type="date" value={ask.to} onChange={(event) => setAsk({ ...ask, to: event.currentTarget.value })} {...control} />}</Field>
        <Field label={t('sample.manager')}>
          {(control) => <select class="input" value={ask.manager} onChange={(event) => setAsk({ ...ask, manager: event.currentTarget.value })} {...control}><option value="">{t('list.any')}</option>{managers.map((each) => <option value={each.id} key={each.id}>{each.name}</option>)}</select>}
        </Field>
        <Field label={t('sample.profile')}>
          {(control) => <select class="input" value={ask.profile} onChange={(event) => setAsk({ ...ask, profile: event.currentTarget.value })} {...control}><option value="">{t('list.any')}</option>{profiles.map((id) => <option value={id} key={id}>{id}</option>)}</select>}
        </Field>
      </div>
      {fault && <Strip tone="danger" icon={AlertTriangle} title={t('sample.failed')} urgent>{fault}</Strip>}
      {drawn && <Strip tone="ok" icon={CircleCheck} title={t('sample.drawn', { count: drawn.rooms.length, of: drawn.of })}><code class="digest">{t('sample.seed', { seed: drawn.seed.slice(0, 16) })}…</code></Strip>}
      {before.length > 0 && (
        <section class="sample-earlier">
          <h3>{t('sample.earlier')}</h3>
          <ul data-testid="audit-samples">{before.slice(0, 8).map((each) => <li key={each.id} class="figures"><span>{day(each.at, me.zone)}, {clock(each.at, me.zone)}</span><span>{t('sample.row', { count: each.rooms.length, of: each.of, percent: each.share / 10 })}</span><code class="quiet">{each.id}</code></li>)}</ul>
        </section>
      )}
    </Dialog>
  );
}
