import { CircleSlash, ShieldCheck } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../../protocol';
import type { RoomDetail, VerdictWord } from '../../shared/room';
import { onLink } from '../../shared/route';
import { Blank, CopyButton, VerdictBadge } from '../../shared/staff';
import { Icon } from '../../shared/ui';
import { stillURL } from '../api';
import { t, word } from '../text';
import type { Session } from './session';

type SealedProps = { session: Session; state: State; room: RoomDetail | undefined; name: string };

/** After the verdict: what was decided, and the digest of the sealed record. */
export function Sealed({ state, room, name }: SealedProps) {
  const page = useRef<HTMLElement>(null);
  useEffect(() => page.current?.focus(), []);
  const outcome = state.outcome;
  const verdict = (outcome?.verdict || room?.verdict) as VerdictWord;
  const reasons = outcome?.reasons ?? room?.reasons ?? [];
  const digest = outcome?.digest || room?.bundle || '';
  const recorded = !!state.liveSince;
  const captures = state.staff?.captures ?? room?.captures ?? [];
  return (
    <main class="sealed" tabIndex={-1} ref={page} data-testid="manager-sealed" data-digest={digest}>
      <section class="card sealed-card">
        {recorded && (
          <div class={`sealed-head ${digest ? 'tone-ok' : 'tone-accent'}`} role="status">
            {digest ? <Icon of={ShieldCheck} size={24} /> : <span class="ring" aria-hidden="true" />}
            <div>
              <h2>{digest ? t('sealed.title') : t('sealed.sealing')}</h2>
              <p>{digest ? t('sealed.line') : t('sealed.sealingLine')}</p>
            </div>
          </div>
        )}
        <dl class="facts">
          <div><dt>{t('live.seller')}</dt><dd>{name}</dd></div>
          <div><dt>{t('sealed.verdict')}</dt><dd><VerdictBadge verdict={verdict}>{word('verdict', verdict)}</VerdictBadge></dd></div>
          {reasons.length > 0 && <div><dt>{t('sealed.reasons')}</dt><dd>{reasons.map((code) => <span class="reason" key={code}>{word('reason', code)} <code>{code}</code></span>)}</dd></div>}
          {!!outcome?.repeat?.length && <div><dt>{t('sealed.repeat')}</dt><dd>{outcome.repeat.map((slot) => word('step', slot)).join(', ')}</dd></div>}
          {outcome?.line && <div><dt>{t('sealed.said')}</dt><dd>{outcome.line}</dd></div>}
          {digest && (
            <div>
              <dt>{t('sealed.digest')}</dt>
              <dd class="sealed-digest"><code class="digest" data-testid="manager-digest">{digest}</code> <CopyButton bar text={digest} words={[t('sealed.copy'), t('sealed.copied')]} /></dd>
            </div>
          )}
        </dl>
        {captures.length > 0 && (
          <ul class="sealed-stills" aria-label={t('sealed.captures')}>
            {captures.map((capture, i) => (
              <li key={`${capture.sha256}-${i}`}><img src={stillURL(state.room.id, capture.sha256)} alt="" /><span>{word('slot', capture.slot)}</span></li>
            ))}
          </ul>
        )}
        <p><a class="button primary" href="/manager" data-testid="manager-to-agenda" onClick={onLink}>{t('sealed.agenda')}</a></p>
      </section>
    </main>
  );
}

/** A room that ended without a verdict. */
export function Over({ state }: { state: State }) {
  return (
    <main class="sealed">
      <Blank icon={CircleSlash} title={word('sealed.over', state.room.state) || word('state', state.room.state)} line={state.room.cause ? `${word('reason', state.room.cause) || state.room.cause} · ${state.room.cause}` : t('sealed.overLine')}>
        <a class="button primary" href="/manager" onClick={onLink}>{t('sealed.agenda')}</a>
      </Blank>
    </main>
  );
}
