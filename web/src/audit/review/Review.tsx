import { ArrowLeft, Download, Eye, FileWarning, Printer } from 'lucide-preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { bindKeys } from '../../shared/hotkeys';
import { useLoad } from '../../shared/load';
import { go } from '../../shared/route';
import { Blank } from '../../shared/staff';
import { clock as wallClock, day } from '../../shared/times';
import { Button, Icon } from '../../shared/ui';
import { review, verify, zipURL, type Me, type Review } from '../api';
import { decisions } from './Decision';
import { Frame, useKeysDialog } from '../Frame';
import { t } from '../text';
import { Lanes } from './Lanes';
import { clockTime } from './line';
import { Panel } from './Panel';
import { Desk } from './session';
import { Stage } from './Stage';
import { StillStrip } from './StillStrip';
import { Transport } from './Transport';
import { VerifyBanner } from './VerifyBanner';
import './review.css';

/** One decided room: checked, played in step, with its ledger beside it. */
export function ReviewPage({ id, me }: { id: string; me: Me }) {
  const [keys, setKeys] = useKeysDialog();
  const opened = useLoad(id, (signal) => review(id, signal));
  const name = opened.value?.room.sellerName;
  useEffect(() => {
    document.title = `${name ?? id} · ${t('brand')}`;
  }, [name, id]);
  return (
    <Frame me={me} keysOpen={keys} onKeys={setKeys}>
      {opened.value ? (
        <Opened review={opened.value} at={opened.at} me={me} onKeys={() => setKeys(true)} onDecided={opened.reload} />
      ) : opened.fault ? (
        <main class="whole">
          <Blank whole icon={FileWarning} title={t('review.failed')} line={opened.fault.code === 'wrong_state' ? t('review.notSealed') : opened.fault.code === 'not_found' ? t('review.notDecided') : opened.fault.message} tone="danger">
            <Button kind="primary" onClick={opened.reload}>{t('list.retry')}</Button>
            <Button kind="link" onClick={() => go('/audit')}>{t('review.back')}</Button>
          </Blank>
        </main>
      ) : (
        <GreyReview />
      )}
    </Frame>
  );
}

type OpenedProps = { review: Review; at: number; me: Me; onKeys: () => void; onDecided: () => void };

function Opened({ review: record, at, me, onKeys, onDecided }: OpenedProps) {
  const before = useRef<Desk>();
  const desk = useMemo(() => {
    const next = new Desk(record);
    if (before.current) next.goOnFrom(before.current); // opened anew by the decision
    return (before.current = next);
  }, [record]);
  useEffect(() => () => desk.close(), [desk]);
  const checked = useLoad(`verify ${record.room.id}`, (signal) => verify(record.room.id, signal));
  useEffect(() => bindReview(desk, onKeys), [desk]);
  const wrong = checked.value?.wrong;
  useEffect(() => {
    const at = wrong ? desk.line.stills.findIndex((still) => wrong.includes(still.sha256)) : -1;
    if (at >= 0) desk.chosen.value = at; // open at what is wrong
  }, [desk, wrong]);
  const { room } = record;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="review">
      <header class="audit-bar">
        <Button kind="ghost" bar icon={ArrowLeft} label={t('review.back')} onClick={() => go('/audit')} />
        <h1 tabIndex={-1} ref={heading}>{room.sellerName}</h1>
        <code class="quiet">{room.id}</code>
        <span class="quiet figures">{day(new Date(desk.line.start), me.zone)}, {wallClock(new Date(desk.line.start), me.zone)}, {clockTime(desk.line.length)}</span>
        <span class="grow" />
        <span class="view-logged figures"><Icon of={Eye} /> {t('review.logged', { time: wallClock(new Date(at), me.zone) })}</span>
        <Button kind="ghost" bar icon={Printer} label={t('review.report')} locked={record.review.blind} data-testid="audit-report-open" onClick={() => go(`/audit/room/${room.id}/report`)} />
        {record.review.blind ? <Button bar icon={Download} locked title={t('blind.files')} data-testid="audit-download-blind">{t('review.download')}</Button> : <a class="button secondary bar" href={zipURL(room.id)} download={`${room.id}.zip`} data-testid="audit-download"><Icon of={Download} /> <span>{t('review.download')}</span></a>}
      </header>
      <main class="review-main">
        <VerifyBanner report={checked.value} fault={checked.fault} record={record} onRetry={checked.reload} />
        <Stage desk={desk} report={checked.value} zone={me.zone} />
        <Transport desk={desk} />
        <Lanes desk={desk} />
        <StillStrip desk={desk} />
      </main>
      <Panel desk={desk} me={me} onDecided={onDecided} />
    </div>
  );
}

function bindReview(desk: Desk, onKeys: () => void): () => void {
  return bindKeys({
    space: () => desk.clock.toggle(),
    g: () => desk.nextMark(),
    ...Object.fromEntries(decisions.map(([decision, key]) => [key.toLowerCase(), () => desk.choose(decision)])),
    '?': onKeys,
    escape: () => {
      if (!document.querySelector('dialog[open]')) go('/audit');
    },
  }, {
    arrowleft: () => desk.step(-1),
    arrowright: () => desk.step(1),
    'shift+arrowleft': () => desk.skip(-5000),
    'shift+arrowright': () => desk.skip(5000),
    j: () => desk.nextStill(-1),
    k: () => desk.nextStill(1),
  });
}

function GreyReview() {
  return (
    <main class="review grey-review" aria-busy="true">
      <h1 class="only-read">{t('review.loading')}</h1>
      <header class="audit-bar"><span class="bar-grey" /></header>
      <div class="review-main" aria-hidden="true"><span class="bar-grey" /><span class="bar-grey tall" /><span class="bar-grey" /><span class="bar-grey" /></div>
    </main>
  );
}
