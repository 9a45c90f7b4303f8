import {
  Check,
  CircleSlash,
  ContactRound,
  FileCheck,
  IdCard,
  MessageSquareText,
  RefreshCw,
  ScanFace,
  Signpost,
  Users,
  X,
  type LucideIcon,
} from 'lucide-preact';
import { createContext, type ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import type { Outcome } from '../protocol';
import { Reasons, Slots } from '../protocol';
import words from '../locales/en/outcome.json';
import '../styles/outcome.css';
import { catalogue } from './i18n';
import { Icon, Pill, type Tone } from './ui';

/** Words of the outcome as the seller reads them, in the page's language. */
const tOutcome = catalogue('outcome', words);

/** The words that the outcome below is shown in: a staff page previews in the seller's language. */
export const OutcomeWords = createContext(tOutcome);

type VerdictWord = keyof typeof words.verdict;
type ReasonWord = (typeof Reasons)[number];
type SlotWord = (typeof Slots)[number];

const looks: Record<VerdictWord, { tone: Tone; icon: LucideIcon }> = {
  pass: { tone: 'ok', icon: Check },
  recapture: { tone: 'warn', icon: RefreshCw },
  refer: { tone: 'accent', icon: Users },
  fail: { tone: 'danger', icon: X },
  abort: { tone: 'warn', icon: CircleSlash },
};

/** Pictogram of a slot, without any picture of a person. */
export const slotIcons: Record<SlotWord, LucideIcon> = {
  FACE: ScanFace,
  DOC_FRONT: IdCard,
  DOC_BACK: IdCard,
  FACE_WITH_DOC: ContactRound,
};

function known<W extends string>(set: readonly W[], word: string): word is W {
  return (set as readonly string[]).includes(word);
}

/** The seller's headline of an outcome. */
function outcomeTitle(t: typeof tOutcome, outcome: Outcome): string {
  if (outcome.verdict !== 'recapture') return t(`verdict.${outcome.verdict as 'pass'}.title`);
  const count = Math.min(outcome.repeat.length, Slots.length) as 0 | 1 | 2 | 3 | 4;
  return t(`verdict.recapture.title${count}`);
}

type OutcomeProps = {
  outcome: Outcome;
  /** Name of the account manager, where the seller knows it. */
  manager?: string | undefined;
  /** Tells when the bundle is not sealed yet; a preview leaves the receipt out with 'none'. */
  receipt?: 'show' | 'none';
  /** What the seller can do beside reading, on the seller's own page: before the record, and after it. */
  acts?: ComponentChildren;
  children?: ComponentChildren;
};

/** What the seller reads after the verdict: outcome, causes with their fixes, what next, the record's fingerprint. */
export function OutcomeView({ outcome, manager, receipt = 'show', acts, children }: OutcomeProps) {
  const t = useContext(OutcomeWords);
  const verdict = (outcome.verdict in looks ? outcome.verdict : 'abort') as VerdictWord;
  const reasons = outcome.reasons.filter((code) => known(Reasons, code));
  const repeat = outcome.repeat.filter((slot) => known(Slots, slot));
  return (
    <div class="outcome">
      <Pill tone={looks[verdict].tone} icon={looks[verdict].icon}>
        {t(`verdict.${verdict}.badge`)}
      </Pill>
      <h1 class="outcome-title" tabIndex={-1}>
        {outcomeTitle(t, { ...outcome, verdict })}
      </h1>
      <p class="outcome-lead">{t(`verdict.${verdict}.lead`)}</p>
      {reasons.length > 0 && <ReasonList reasons={reasons} bad={verdict === 'fail'} />}
      {repeat.length > 0 && <RepeatList slots={repeat} />}
      {outcome.line && <Line text={outcome.line} manager={manager} />}
      <section class="card outcome-row">
        <Icon of={Signpost} size={24} />
        <div>
          <h2 class="outcome-strong">{t('next.title')}</h2>
          <p class="outcome-sub">{t(`next.${verdict}`)}</p>
        </div>
      </section>
      {acts}
      {receipt === 'show' && <RecordCard digest={outcome.digest} />}
      {children}
      {manager && <p class="outcome-fine">{t('receipt.decidedBy', { name: manager })}</p>}
    </div>
  );
}

function ReasonList({ reasons, bad }: { reasons: ReasonWord[]; bad: boolean }) {
  const t = useContext(OutcomeWords);
  return (
    <ul class="card outcome-list" aria-label={t('reasons')}>
      {reasons.map((code) => (
        <li class="outcome-row" key={code}>
          <span class={bad ? 'outcome-mark tone-danger' : 'outcome-mark tone-warn'}>
            <Icon of={bad ? X : RefreshCw} size={20} />
          </span>
          <div>
            <h2 class="outcome-strong">{t(`reason.${code}.title`)}</h2>
            <p class="outcome-sub">{t(`reason.${code}.fix`)}</p>
            <p class="outcome-fine">{t('code', { code })}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function RepeatList({ slots }: { slots: SlotWord[] }) {
  const t = useContext(OutcomeWords);
  return (
    <section class="card outcome-repeat">
      <h2 class="outcome-strong">{t('repeat')}</h2>
      <ul>
        {slots.map((slot) => (
          <li key={slot}>
            <Icon of={slotIcons[slot]} size={24} />
            {t(`slot.${slot}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Line({ text, manager }: { text: string; manager: string | undefined }) {
  const t = useContext(OutcomeWords);
  return (
    <section class="card outcome-row">
      <Icon of={MessageSquareText} size={24} />
      <div>
        <h2 class="outcome-strong">{manager ? t('line', { name: manager }) : t('lineNobody')}</h2>
        <p class="outcome-sub outcome-line">{text}</p>
      </div>
    </section>
  );
}

/** The fingerprint of the sealed record. */
export function RecordCard({ digest }: { digest: string | undefined }) {
  const t = useContext(OutcomeWords);
  return (
    <section class="card outcome-row" aria-live="polite">
      <Icon of={FileCheck} size={24} />
      <div>
        <h2 class="outcome-strong">{t('receipt.title')}</h2>
        <p class="outcome-sub">{digest ? t('receipt.digest') : t('receipt.sealing')}</p>
        {digest && <code class="outcome-digest">{digest}</code>}
      </div>
    </section>
  );
}
