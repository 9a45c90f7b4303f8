import { ChevronRight, KeyRound, MessageSquareText, Scale, Undo2, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Outcome, State } from '../protocol';
import { OutcomeView, RecordCard } from '../shared/outcome';
import { day } from '../shared/times';
import { Icon, Pill } from '../shared/ui';
import { AgainDock, Asked, NextCall } from './appeal/Again';
import { Appeal } from './appeal/Appeal';
import { another, recourse, type Recourse } from './appeal/api';
import { Code } from './code/Code';
import { Kept } from './code/Kept';
import { usePart } from './history';
import { Receipt } from './Receipt';
import { Screen } from './Screen';
import { t } from './text';

const answerEvery = 15_000; // ms between two looks for an auditor's answer

type Shown = 'kept' | 'code' | 'appeal' | 'again';

const reopened: readonly Shown[] = ['kept', 'appeal']; // after a reload; codes are asked for anew

/** The result: outcome, reasons with their fixes, what next, what is kept of it; what is personal opens by a code. */
export function Result({ state, mail }: { state: State; mail: boolean }) {
  const [shown, show] = usePart(reopened);
  const [now, setNow] = useState<Recourse | null | undefined>(undefined); // undefined while it is asked for, null where it can't be had
  const outcome = state.outcome!;
  const look = () => recourse().then(setNow, () => setNow((before) => before ?? null));
  useEffect(() => void look(), [state]);
  const waits = !!now?.asked && !now.answer;
  useEffect(() => {
    const seen = () => void (document.hidden || look());
    document.addEventListener('visibilitychange', seen);
    const timer = waits ? setInterval(seen, answerEvery) : 0;
    return () => {
      document.removeEventListener('visibilitychange', seen);
      clearInterval(timer);
    };
  }, [waits]);
  if (shown === 'code') return <Code why="kept" back={() => show('')} done={() => show('kept')} />;
  if (shown === 'again') return <Code why="again" back={() => show('')} done={() => void another().then(({ link }) => location.assign(link), () => show(''))} />;
  if (shown === 'kept') return <Kept next={now?.next} back={() => show('')} ask={() => show('code')} />;
  if (shown === 'appeal' && now?.until) {
    const asked = (then: Recourse) => {
      setNow(then);
      show('');
    };
    return <Appeal room={state.room.id} until={now.until} back={() => show('')} done={asked} />;
  }
  const taken = now?.answer === 'overturned';
  // A result that was taken back has other words; they are not changed under the reader's eyes.
  if (now === undefined && outcome.verdict === 'recapture') return <Screen title={t('title.result')} testid="seller-result" class="loading"><span class="bar-grey short" /><span class="bar-grey tall" /><span class="bar-grey card-tall" /></Screen>;
  const acts = (
    <>
      {now?.next && <NextCall at={now.next} />}
      {now && <Asked now={now} />}
      <Acts now={now ?? null} mail={mail} show={show} />
    </>
  );
  const View = taken ? Taken : OutcomeView;
  return (
    <Screen title={t('title.result')} testid="seller-result" dock={now?.again && <AgainDock now={now} mail={mail} ask={() => show('again')} />}>
      <View outcome={outcome} line={now?.line ?? ''} manager={state.peer?.name} acts={acts}>
        <Receipt digest={outcome.digest} />
      </View>
    </Screen>
  );
}

/** What can be opened from here. */
function Acts({ now, mail, show }: { now: Recourse | null; mail: boolean; show: (what: Shown) => void }) {
  const rows: [what: Shown, id: string, icon: LucideIcon, name: string, sub: string][] = [
    ...(now?.able && now.until ? [['appeal', 'seller-appeal-open', Scale, t('appeal.open'), t('appeal.until', { day: day(now.until) })] as [Shown, string, LucideIcon, string, string]] : []),
    ...(mail ? [['kept', 'seller-kept-open', KeyRound, t('kept.open'), t('kept.openShort')] as [Shown, string, LucideIcon, string, string]] : []),
  ];
  if (rows.length === 0) return null;
  return (
    <div class="card acts-list">
      {rows.map(([what, id, icon, name, sub]) => (
        <button type="button" key={what} data-testid={id} onClick={() => show(what)}>
          <Icon of={icon} size={24} />
          <span>
            {name}
            <span class="sub">{sub}</span>
          </span>
          <Icon of={ChevronRight} size={20} />
        </button>
      ))}
    </div>
  );
}

/** The head of a result that an auditor took back. */
function Taken({ outcome, line, acts, children }: { outcome: Outcome; line: string; acts: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="outcome" data-testid="seller-taken-back">
      <Pill tone="ok" icon={Undo2}>{t('appeal.takenBadge')}</Pill>
      <h1 class="outcome-title" tabIndex={-1}>{t('appeal.taken')}</h1>
      <p class="outcome-lead">{t('appeal.takenText')}</p>
      {line && (
        <section class="card outcome-row">
          <Icon of={MessageSquareText} size={24} />
          <div>
            <h2 class="outcome-strong">{t('appeal.from')}</h2>
            <p class="outcome-sub outcome-line">{line}</p>
          </div>
        </section>
      )}
      {acts}
      <RecordCard digest={outcome.digest} />
      {children}
    </div>
  );
}
