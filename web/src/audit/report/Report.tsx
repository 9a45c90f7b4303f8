import { ArrowLeft, FileWarning, Printer } from 'lucide-preact';
import { useEffect, useMemo } from 'preact/hooks';
import { useLoad } from '../../shared/load';
import { RegionPicture } from '../../shared/region';
import { go } from '../../shared/route';
import { Blank } from '../../shared/staff';
import { clock, clockSeconds, day } from '../../shared/times';
import { Button } from '../../shared/ui';
import { photoURL, review, stillURL, verify, type Me, type Report, type Review } from '../api';
import { comparisons, say } from '../review/entries';
import { gapWords } from '../review/Lanes';
import { clockTime, lineOf, type Line } from '../review/line';
import { plain, t, word } from '../text';
import './report.css';

/** The record of one decided room on paper: verdict, pictures, ledger, digests and what a verification found now. */
export function ReportPage({ id, me }: { id: string; me: Me }) {
  const opened = useLoad(id, (signal) => review(id, signal));
  const checked = useLoad(`verify ${id}`, (signal) => verify(id, signal));
  useEffect(() => {
    document.title = `${t('report.title')} ${id}`; // a browser prints it and names the file after it
  }, [id]);
  const fault = opened.fault ?? checked.fault;
  if (fault) {
    return (
      <main class="whole">
        <Blank whole icon={FileWarning} title={t('review.failed')} line={fault.message} tone="danger">
          <Button kind="primary" onClick={() => (opened.fault ? opened : checked).reload()}>{t('list.retry')}</Button>
        </Blank>
      </main>
    );
  }
  if (!opened.value || !checked.value) return <main class="whole" aria-busy="true"><h1 class="only-read">{t('report.title')}</h1><div class="blank"><span class="ring" aria-hidden="true" /><p class="quiet">{t('verify.checking')}</p></div></main>;
  return <Sheet record={opened.value} report={checked.value} at={opened.at} me={me} />;
}

function Sheet({ record, report, at, me }: { record: Review; report: Report; at: number; me: Me }) {
  const line = useMemo(() => lineOf(record), [record]);
  const { room, facts } = record;
  const start = new Date(line.start);
  return (
    <main class="report" data-theme="light" data-testid="audit-report">
      <nav class="report-bar">
        <Button kind="ghost" icon={ArrowLeft} onClick={() => go(`/audit/room/${room.id}`)}>{t('report.back')}</Button>
        <Button kind="primary" icon={Printer} data-testid="audit-print" onClick={() => print()}>{t('report.print')}</Button>
      </nav>
      <header>
        <p class="quiet">{t('brand')}, {t('report.title')}</p>
        <h1>{room.sellerName}</h1>
        <p class="figures"><code>{room.id}</code> {day(start, me.zone)}, {clock(start, me.zone)} {me.zone}, {clockTime(line.length)}</p>
      </header>
      <Result record={record} report={report} />
      <Pictures record={record} line={line} />
      <Compared record={record} />
      <Recorded record={record} line={line} />
      <Happened record={record} line={line} me={me} />
      <Checks report={report} />
      <footer class="quiet">{t('report.made', { name: me.name, time: `${day(new Date(at), me.zone)}, ${clock(new Date(at), me.zone)} ${me.zone}` })} {t('report.claim')} <code>verifycall verify {facts.room}.zip</code></footer>
    </main>
  );
}

function Result({ record: { room }, report }: { record: Review; report: Report }) {
  const verified = !report.whole ? 'verify.wrongPlain' : report.signerKnown ? 'verify.whole' : 'verify.wholeUnknown';
  return (
    <section>
      <h2>{t('facts.verdict')}</h2>
      <p class="report-verdict"><strong>{word('verdict', room.verdict ?? '')}</strong>{room.reasons?.map((code) => <span key={code}>{word('reason', code)} <code>{code}</code></span>)}</p>
      <dl class="report-facts">
        <div><dt>{t('report.verified')}</dt><dd data-testid="audit-report-verified" data-whole={String(report.whole)}><strong>{t(verified)}</strong> {report.wrong && <code>{report.wrong}</code>}</dd></div>
        <div><dt>{t('facts.digest')}</dt><dd><code>{report.digest ?? room.bundle}</code></dd></div>
        {report.signer && <div><dt>{t('verify.signer')}</dt><dd><code>{report.signer}</code>{!report.signerKnown && ` ${t('verify.unknownKey')}`}</dd></div>}
        {report.signedAt && <div><dt>{t('verify.signedAt')}</dt><dd class="figures">{report.signedAt}</dd></div>}
      </dl>
    </section>
  );
}

function Pictures({ record, line }: { record: Review; line: Line }) {
  const { facts, room } = record;
  return (
    <section>
      <h2>{t('lanes.captures')}</h2>
      {line.stills.length === 0 && <p>{t('review.noStill')}</p>}
      <div class="report-pictures">
        {line.stills.map((still, i) => (
          <figure key={i} data-testid="audit-report-still">
            <img src={stillURL(room.id, still.sha256)} alt={t('review.still', { slot: word('slot', still.slot) || still.slot })} />
            <figcaption><strong>{word('slot', still.slot) || still.slot}</strong> <span class="figures">{clockTime(still.at)}, <code>{still.recording}</code>, {t('review.frame', { n: String(still.frame) })}</span> <code>{still.sha256}</code></figcaption>
          </figure>
        ))}
        <Regions record={record} line={line} />
        {facts.photos?.map((photo) => (
          <figure key={photo.sha256}>
            <img src={photoURL(room.id, photo.sha256, photo.mime)} alt={t('review.photo', { slot: word('slot', photo.slot) || photo.slot })} />
            <figcaption><strong>{t('review.photo', { slot: word('slot', photo.slot) || photo.slot })}</strong> {t('review.photoLine')} <code>{photo.sha256}</code></figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}

/** What was marked on a still, each as a picture of its own with its place in that still. */
function Regions({ record: { facts, room }, line }: { record: Review; line: Line }) {
  return facts.crops?.map((crop) => {
    const { slot, x, y, width, height } = crop;
    const still = line.stills.find(({ sha256 }) => sha256 === crop.still);
    const name = t('review.region', { slot: word('slot', slot) || slot });
    return still && (
      <figure key={`${crop.still} ${x} ${y} ${width} ${height}`} data-testid="audit-report-region">
        <RegionPicture url={stillURL(room.id, crop.still)} size={still} region={crop} name={name} />
        <figcaption><strong>{name}</strong> <span class="figures">{clockTime(Math.max(0, Date.parse(crop.at) - line.start))}, {t('report.region', { width, height, x, y })}</span> <code>{crop.still}</code></figcaption>
      </figure>
    );
  });
}

function Compared({ record: { timeline, personal } }: { record: Review }) {
  const decided = comparisons(timeline, personal);
  return (
    <section>
      <h2>{t('lanes.compare')}</h2>
      <table>
        <thead><tr><td /><th scope="col">{t('fields.typed')}</th><th scope="col">{t('fields.decision')}</th></tr></thead>
        <tbody>
          {['face', 'name', 'number', 'birth_date'].map((item) => {
            const given = decided.get(item);
            return <tr key={item}><th scope="row">{word('item', item)}</th><td>{given?.typed}</td><td>{given ? word('decision', given.decision) || given.decision : t('fields.open')}</td></tr>;
          })}
        </tbody>
      </table>
    </section>
  );
}

function Recorded({ record: { facts }, line }: { record: Review; line: Line }) {
  return (
    <section>
      <h2>{t('facts.tracks')}</h2>
      <ul>
        {facts.recordings.map((recording) => (
          <li key={recording.id}>
            <code>{recording.id}</code> <span class="figures">{clockTime(recording.offset_ms)} – {clockTime(recording.offset_ms + recording.duration_ms)}</span>
            {recording.tracks.map((track) => <span class="figures" key={track.kind}>, {word('track', track.kind)} {(track.coverage / 10).toFixed(1)} %</span>)}
          </li>
        ))}
      </ul>
      <h3>{t('facts.gaps')}</h3>
      {line.gaps.length === 0 ? <p>{t('verify.noGaps')}</p> : (
        <ul>{line.gaps.map((gap, i) => <li key={i}><span class="figures">{clockTime(gap.start)}</span> {gapWords(gap)}</li>)}</ul>
      )}
    </section>
  );
}

function Happened({ record, line, me }: { record: Review; line: Line; me: Me }) {
  return (
    <section>
      <h2>{t('tabs.timeline')}</h2>
      <table class="report-entries">
        <tbody>
          {line.marks.map(({ entry }) => {
            const said = say(entry, record.personal);
            return <tr key={entry.seq}><td class="figures">{entry.seq}</td><td class="figures">{clockSeconds(entry.at, me.zone)}</td><th scope="row">{said.title}</th><td>{said.text}{said.staff && ` (${t('timeline.staff')})`}</td></tr>;
          })}
        </tbody>
      </table>
    </section>
  );
}

function Checks({ report }: { report: Report }) {
  return (
    <section>
      <h2>{t('verify.title')}</h2>
      <table class="report-checks">
        <tbody>
          {(report.checks ?? []).map((check) => (
            <tr key={check.name}><th scope="row">{word('verify.check', check.name) || plain(check.name)}</th><td>{check.ok ? t('verify.ok') : t('verify.bad')}</td><td>{check.detail}</td></tr>
          ))}
        </tbody>
      </table>
      {!report.whole && <p>{t('verify.stopped')}</p>}
    </section>
  );
}
