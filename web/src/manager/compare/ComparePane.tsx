import { CameraOff, Crop, FileX2, Repeat2, TriangleAlert } from 'lucide-preact';
import type { CaptureView, State } from '../../protocol';
import { keepFocus } from '../../shared/focus';
import { clockSeconds } from '../../shared/times';
import { Button, Icon, classes } from '../../shared/ui';
import { documentURL, stillURL } from '../api';
import { ordinal, type Session } from '../console/session';
import { t, word } from '../text';
import { tabs, type Desk } from './desk';
import { FaceDecision } from './FaceDecision';
import { FieldsTable } from './FieldsTable';
import { LinkedViews, modes, ViewTools, type Shown } from './LinkedViews';

type ComparePaneProps = { session: Session; state: State; desk: Desk; zone: string };

/** The compare pane: document, face by eye, fields. */
export function ComparePane({ session, state, desk, zone }: ComparePaneProps) {
  const tab = desk.tab.value;
  const mode = desk.modes.value[tab];
  const over = mode === 'overlay' || mode === 'flicker';
  const [a, b] = tab === 'face' ? faceSides(state, desk, zone) : documentSides(state, desk, zone);
  const hold = (on: boolean) => () => (desk.flick.value = on);
  return (
    <section class="pane compare" aria-label={t('compare.pane')} tabIndex={-1} data-pane>
      <div class="tabs" onMouseDown={keepFocus}>
        <div class="tab-list" role="tablist">
          {tabs.map((each, i) => (
            <button type="button" role="tab" id={`tab-${each}`} aria-controls="compare-panel" class="tab inset-focus" aria-selected={each === tab} data-testid={`manager-tab-${each}`} key={each} onClick={() => (desk.tab.value = each)}>
              {t(`compare.${each}`)} <kbd class="key">{i + 1}</kbd>
            </button>
          ))}
        </div>
        <span class="grow" />
        <div class="segments" role="group">
          {modes.filter((each) => tab === 'document' || each !== 'stacked').map((each) => (
            <button type="button" aria-pressed={each === mode} key={each} onClick={() => desk.setMode(each)}>{t(`compare.${each}`)}</button>
          ))}
        </div>
      </div>
      <div class="compare-panel" id="compare-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <div class="compare-stage">
          <LinkedViews key={tab} pair={desk.pairs[tab]} a={a} b={b} mode={mode} swapped={desk.flick.value} sheer={desk.sheer.value} />
          <ViewTools pair={desk.pairs[tab]} narrow={over}>
            {tab === 'document' && <Button kind="ghost" bar icon={Crop} label={`${t('compare.region')} (W)`} locked={!desk.capture.value} busy={!!session.busy.value.crop} data-testid="manager-region" onClick={() => void desk.keepRegion()} />}
            {tab === 'face' ? <FaceSourceButton desk={desk} /> : <DocumentChoice desk={desk} room={state.room.id} />}
            {mode === 'overlay' && (
              <input type="range" class="sheer-range" min={0} max={100} step={5} aria-label={t('compare.sheer')} title={t('compare.sheer')} value={desk.sheer.value} data-testid="manager-sheer" onInput={(event) => (desk.sheer.value = event.currentTarget.valueAsNumber)} />
            )}
            {over && (
              <Button kind="ghost" bar icon={Repeat2} label={`${t('compare.hold')} (X)`} class={classes(desk.flick.value && 'on')} onPointerDown={hold(true)} onPointerUp={hold(false)} onPointerLeave={hold(false)} />
            )}
          </ViewTools>
          <RegionNote session={session} desk={desk} />
        </div>
        {tab === 'face' && <FaceDecision session={session} desk={desk} />}
        {tab === 'fields' && <FieldsTable session={session} desk={desk} />}
      </div>
    </section>
  );
}

/** Why no region was kept; over the pictures, so that nothing moves. */
function RegionNote({ session, desk }: { session: Session; desk: Desk }) {
  const why = session.refusals.value.crop;
  const words = desk.unzoomed.value ? t('compare.regionHint') : why ? t('compare.regionFailed', { why }) : '';
  return <p class={classes('region-note', words && 'over-label warn')} role="status" data-testid="manager-region-note">{words}</p>;
}

function DocumentChoice({ desk, room }: { desk: Desk; room: string }) {
  return (
    <>
      {desk.documents.length > 1 && (
        <select class="input" aria-label={t('compare.which')} value={desk.document.value?.sha256} onChange={(event) => desk.chooseDocument(event.currentTarget.value)}>
          {desk.documents.map((document) => <option value={document.sha256} key={document.sha256}>{word('kind', document.kind) || document.kind}</option>)}
        </select>
      )}
      {desk.files.map((file) => <a class="button ghost bar" key={file.sha256} href={documentURL(room, file.sha256)} download>{t('brief.openDocument', { kind: word('kind', file.kind) || file.kind })} (PDF)</a>)}
    </>
  );
}

function FaceSourceButton({ desk }: { desk: Desk }) {
  const sources = ['filed', 'capture'] as const;
  return (
    <div class="segments" role="group" aria-label={t('compare.swap')}>
      {sources.map((source) => (
        <button type="button" aria-pressed={desk.faceSource.value === source} key={source} onClick={() => (desk.faceSource.value = source)}>{t(`compare.source.${source}`)}</button>
      ))}
    </div>
  );
}

const noFiled = () => ({ title: t('compare.noFiled'), line: t('compare.noFiledLine'), icon: FileX2 });
const noCapture = () => ({ title: t('compare.noCapture'), line: t('compare.noCaptureLine'), icon: CameraOff });

function filedSide(state: State, desk: Desk, first: string): Shown {
  const document = desk.document.value;
  if (!document) return { url: '', labels: [first], empty: noFiled() };
  const size = t('brief.size', { width: document.width, height: document.height });
  return { url: documentURL(state.room.id, document.sha256), labels: [first, `${word('kind', document.kind) || document.kind}, ${size}`], empty: noFiled() };
}

function captureSide(state: State, desk: Desk, zone: string, capture = desk.capture.value, first = ''): Shown {
  if (!capture) return { url: '', labels: first ? [first] : [], empty: noCapture() };
  const made = t('compare.frame', { time: clockSeconds(capture.at, zone), frame: capture.frame });
  const name = t('compare.capture', { n: ordinal(desk.captures, capture) });
  return {
    url: stillURL(state.room.id, capture.sha256),
    labels: first ? [first, `${name}, ${made}`] : [`${name}, ${word('slot', capture.slot)}`, made],
    mark: <Marks capture={capture} />,
    empty: noCapture(),
  };
}

/** What was measured of a capture, and its size. */
function Marks({ capture: { hint, legible, width, height } }: { capture: CaptureView }) {
  return (
    <>
      {hint && <span class="over-label warn" data-testid="manager-measured"><Icon of={TriangleAlert} size={12} /> {word('hint', hint)}</span>}
      {legible && <span class="over-label">{t('compare.measured', { glare: (legible.burnt / 10).toFixed(1), edge: (legible.edge / 10).toFixed(1), light: legible.bright })}</span>}
      <SizeMark width={width} height={height} />
    </>
  );
}

/** A still below 1280×720 is kept and marked. */
function SizeMark({ width, height }: { width: number; height: number }) {
  const small = Math.max(width, height) < 1280 || Math.min(width, height) < 720;
  return <span class={classes('over-label', small && 'warn')}>{small ? t('captures.small', { width, height }) : t('brief.size', { width, height })}</span>;
}

function documentSides(state: State, desk: Desk, zone: string): [Shown, Shown] {
  return [filedSide(state, desk, t('compare.filed')), captureSide(state, desk, zone)];
}

function faceSides(state: State, desk: Desk, zone: string): [Shown, Shown] {
  const onID = desk.captures.filter((capture) => capture.slot === 'DOC_FRONT').at(-1);
  const person = captureSide(state, desk, zone, desk.person.value, t('compare.person'));
  if (!desk.person.value) person.url = '';
  const id = desk.faceSource.value === 'capture' && onID ? captureSide(state, desk, zone, onID, t('compare.onId')) : filedFront(state, desk);
  return [id, person];
}

function filedFront(state: State, desk: Desk): Shown {
  const front = desk.documents.find((document) => document.kind === 'id_front');
  if (!front) return { url: '', labels: [t('compare.onId')], empty: noFiled() };
  return { url: documentURL(state.room.id, front.sha256), labels: [t('compare.onId'), word('kind', front.kind)], empty: noFiled() };
}
