import { CircleCheck, CircleX, ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-preact';
import { useState } from 'preact/hooks';
import type { ApiError } from '../../shared/api';
import { Button, Dialog, Icon, classes } from '../../shared/ui';
import type { Report, Review } from '../api';
import { plain, t, word } from '../text';

type VerifyBannerProps = { report: Report | undefined; fault: ApiError | undefined; record: Review; onRetry: () => void };

/** Whether the record is whole: chain, signature, every file. A failure names the first wrong item. */
export function VerifyBanner({ report, fault, record, onRetry }: VerifyBannerProps) {
  const [details, setDetails] = useState(false);
  const tone = report ? (report.whole ? (report.signerKnown ? 'ok' : 'warn') : 'danger') : fault ? 'danger' : 'accent';
  return (
    <section class={classes('verify', `tone-${tone}`)} role={tone === 'danger' ? 'alert' : 'status'} data-testid="audit-verify" data-whole={report ? String(report.whole) : ''} data-signer={report ? String(report.signerKnown) : ''}>
      {report ? <Found report={report} record={record} /> : fault ? (
        <><Icon of={ShieldAlert} /><strong>{t('verify.failed')}</strong><span>{fault.message}</span></>
      ) : (
        <><span class="ring" aria-hidden="true" /><strong>{t('verify.checking')}</strong></>
      )}
      <span class="grow" />
      {fault && !report && <Button kind="link" onClick={onRetry}>{t('verify.retry')}</Button>}
      {report && <Button kind="link" data-testid="audit-verify-details" onClick={() => setDetails(true)}>{t('verify.details')}</Button>}
      {details && report && <Details report={report} onClose={() => setDetails(false)} />}
    </section>
  );
}

function Found({ report, record }: { report: Report; record: Review }) {
  const checks = report.checks ?? [];
  if (!report.whole) {
    const failed = checks.find((check) => !check.ok);
    const still = record.facts.captures.find((capture) => report.wrong?.includes(capture.sha256));
    const item = [still && t('review.still', { slot: word('slot', still.slot) || still.slot }), shortHashes(report.wrong ?? '')].filter(Boolean).join(', ');
    const detail = shortHashes(failed?.detail.replace(`${report.wrong}: `, '') ?? '');
    return (
      <>
        <Icon of={ShieldAlert} />
        <strong data-testid="audit-wrong" data-item={report.wrong} title={report.wrong}>{report.wrong ? t('verify.wrong', { item }) : t('verify.wrongPlain')}</strong>
        <span class="verify-detail" title={failed?.detail}>{detail}</span>
      </>
    );
  }
  const coverage = Math.min(1000, ...Object.values(record.facts.coverage));
  const gaps = record.facts.gaps.length + record.facts.recordings.reduce((sum, each) => sum + each.gaps.length, 0);
  const parts = [
    t('verify.chain', { count: record.timeline.length }),
    t('verify.checks', { count: checks.length }),
    ...(Number.isFinite(coverage) && record.facts.recordings.length ? [t('verify.recorded', { percent: (coverage / 10).toFixed(1) })] : []),
    gaps ? t('verify.gaps', { count: gaps }) : t('verify.noGaps'),
  ];
  return (
    <>
      <Icon of={report.signerKnown ? ShieldCheck : ShieldQuestion} />
      <strong>{report.signerKnown ? t('verify.whole') : t('verify.wholeUnknown')}</strong>
      {parts.map((part, i) => <span class="verify-part figures" key={i}>{part}</span>)}
    </>
  );
}

/** A banner has one line; Details and the tooltip have every digit. */
function shortHashes(text: string): string {
  return text.replace(/[0-9a-f]{64}/g, (hash) => `${hash.slice(0, 8)}…${hash.slice(-4)}`);
}

function Details({ report, onClose }: { report: Report; onClose: () => void }) {
  return (
    <Dialog title={t('verify.title')} class="verify-dialog" onClose={onClose} actions={<Button onClick={onClose}>{t('verify.close')}</Button>}>
      <ol class="checks">
        {(report.checks ?? []).map((check) => (
          <li class={check.ok ? 'ok' : 'bad'} key={check.name}>
            <Icon of={check.ok ? CircleCheck : CircleX} />
            <div><strong>{word('verify.check', check.name) || plain(check.name)}</strong> <span class="only-read">{check.ok ? t('verify.ok') : t('verify.bad')}</span><p>{check.detail}</p></div>
          </li>
        ))}
      </ol>
      {!report.whole && <p class="quiet">{t('verify.stopped')}</p>}
      <dl class="facts">
        {report.digest && <div><dt>{t('facts.digest')}</dt><dd><code class="digest">{report.digest}</code></dd></div>}
        {report.signer && <div><dt>{t('verify.signer')}</dt><dd><code>{report.signer}</code>{!report.signerKnown && ` ${t('verify.unknownKey')}`}</dd></div>}
        {report.signedAt && <div><dt>{t('verify.signedAt')}</dt><dd class="figures">{report.signedAt}</dd></div>}
      </dl>
    </Dialog>
  );
}
