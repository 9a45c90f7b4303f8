import { effect } from '@preact/signals';
import { Camera, EyeOff, Flag, MessageSquare, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, classes } from '../../shared/ui';
import { t, word } from '../text';
import { causeWords, laneOf, say } from './entries';
import { keepFocus } from '../../shared/focus';
import { clockTime, type Mark } from './line';
import { SoundLane } from './SoundLane';
import type { Desk } from './session';

const challenges = /^(CHALLENGE|FEATURE|QUESTION)_/;

/** The ledger as lanes over one ruler, with one playhead. A click anywhere seeks. */
export function Lanes({ desk }: { desk: Desk }) {
  const { line, clock } = desk;
  const box = useRef<HTMLElement>(null);
  useEffect(
    () => effect(() => box.current?.style.setProperty('--at', String(clock.at.value / line.length))),
    [clock, line],
  );
  const seek = (event: MouseEvent) => {
    const area = (event.currentTarget as HTMLElement).getBoundingClientRect();
    if (area.width) clock.seek(((event.clientX - area.left) / area.width) * line.length);
  };
  const drag = (event: PointerEvent) => {
    if (event.buttons === 1) seek(event);
  };
  return (
    <section class="lanes" ref={box} onMouseDown={keepFocus}>
      <div class="ruler">
        <div class="lane-area" role="slider" tabIndex={0} aria-label={t('transport.position')} aria-valuemin={0} aria-valuemax={Math.round(line.length / 1000)} aria-valuenow={Math.round(clock.at.value / 1000)} aria-valuetext={clockTime(clock.at.value)} onPointerDown={seek} onPointerMove={drag}>
          {ticks(line.length).map((at) => <At at={at} line={line.length} class={classes('tick figures', at > line.length * 0.96 && 'last')} key={at}>{clockTime(at)}</At>)}
        </div>
      </div>
      <Lane name={t('lanes.steps')} onSeek={seek}>
        {line.steps.map((step, i) => {
          const now = step.start <= clock.at.value && clock.at.value < step.end;
          return <At at={step.start} to={step.end} line={line.length} class={classes('bar', now && 'on')} key={i} onClick={() => clock.seek(step.start)}>{line.plan.indexOf(step.step) + 1 || ''} {word('slot', step.step) || word('step', step.step) || step.step}</At>;
        })}
      </Lane>
      <Pins desk={desk} lane="captures" icon={Camera} onSeek={seek} />
      <Lane name={t('lanes.challenges')} empty={!line.steps.some(({ step }) => challenges.test(step))} onSeek={seek}>
        {line.steps.filter(({ step }) => challenges.test(step)).map((step, i) => {
          const result = resultOf(desk, step.step);
          const said = [word('step', step.step) || step.step, result && (word('stepResult', result) || result)].filter(Boolean).join(': ');
          return <At at={step.start} to={step.end} line={line.length} class={classes('bar', result === 'done' && 'ok', result === 'failed' && 'bad')} title={said} key={i} onClick={() => clock.seek(step.start)}>{said}</At>;
        })}
      </Lane>
      <Pins desk={desk} lane="chat" icon={MessageSquare} onSeek={seek} />
      <Lane name={t('lanes.network')} empty={desk.network.value.length === 0} onSeek={seek}>
        {desk.network.value.map((each, i) => <At at={each.start} to={each.end} line={line.length} class={`net is-${each.level}`} title={networkWords(each)} key={i} onClick={() => clock.seek(each.start)} />)}
      </Lane>
      {desk.review.review.blind ? (
        <Lane name={t('lanes.staff')} onSeek={seek}><span class="lane-none quiet"><Icon of={EyeOff} size={12} /> {t('blind.hidden')}</span></Lane>
      ) : (
        <Pins desk={desk} lane="staff" icon={Flag} onSeek={seek} />
      )}
      <Lane name={t('lanes.gaps')} empty={line.gaps.length === 0} onSeek={seek}>
        {line.gaps.map((gap, i) => (
          <At at={gap.start} to={gap.end} line={line.length} class={classes('gap', gap.start > 0.7 * line.length && 'late')} key={i} title={gapWords(gap)} onClick={() => clock.seek(gap.start)}><span class="gap-words">{gapWords(gap)}</span></At>
        ))}
      </Lane>
      <Lane name={t('lanes.sound')} onSeek={seek}><SoundLane desk={desk} /></Lane>
      <div class="playhead" aria-hidden="true"><span /></div>
    </section>
  );
}

function Pins({ desk, lane, icon, onSeek }: { desk: Desk; lane: 'captures' | 'chat' | 'staff'; icon: LucideIcon; onSeek: (event: MouseEvent) => void }) {
  const marks = desk.line.marks.filter((mark) => mark.inCall && laneOf[mark.entry.type] === lane);
  return (
    <Lane name={t(`lanes.${lane}`)} empty={marks.length === 0} onSeek={onSeek}>
      {marks.map((mark) => <Pin desk={desk} mark={mark} icon={icon} key={mark.entry.seq} />)}
    </Lane>
  );
}

/** What the manager found at a step; '' while blind. */
function resultOf(desk: Desk, step: string): string {
  return String(desk.review.timeline.filter(({ type, body }) => type === 'step_result' && body?.step === step).at(-1)?.body?.result ?? '');
}

/** "25 fps, 1620 kbit/s, 0.6 % lost, 112 ms". */
export function networkWords({ fps, kbps, loss, rtt }: { fps: number; kbps: number; loss: number; rtt: number }): string {
  return t('lanes.figures', { fps, kbps, loss: (loss / 10).toFixed(1), rtt });
}

export function gapWords(gap: Desk['line']['gaps'][number]): string {
  const [who = '', track = ''] = gap.side.split('.');
  const side = [word('who', who) || who, word('track', track)].filter(Boolean).join(' ');
  return t('lanes.gap', { seconds: ((gap.end - gap.start) / 1000).toFixed(1), side, cause: causeWords(gap.cause) });
}

function Lane({ name, empty, onSeek, children }: { name: string; empty?: boolean; onSeek: (event: MouseEvent) => void; children: ComponentChildren }) {
  return (
    <div class="lane">
      <span class="lane-name">{name}</span>
      <div class="lane-area" onClick={(event) => event.target === event.currentTarget && onSeek(event)}>
        {empty && <span class="lane-none quiet">{t('lanes.none')}</span>}
        {children}
      </div>
    </div>
  );
}

/** One entry as a pin; the list beside has the same for the keyboard. */
function Pin({ desk, mark, icon }: { desk: Desk; mark: Mark; icon: LucideIcon }) {
  const said = say(mark.entry, desk.review.personal);
  const passed = desk.mark.value?.entry.seq === mark.entry.seq;
  return (
    <At at={mark.at} line={desk.line.length} class={classes('pin', said.staff && 'tone-staff', passed && 'on')} title={`${clockTime(mark.at)} ${said.title}, ${said.text}`} onClick={() => desk.clock.seek(mark.at)}>
      <Icon of={icon} size={12} />
    </At>
  );
}

type AtProps = { at: number; to?: number; line: number; class: string; title?: string; onClick?: () => void; children?: ComponentChildren };

/** Something at a place of the line, set through the CSSOM. */
function At({ at, to, line, onClick, children, ...rest }: AtProps) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    box.current?.style.setProperty('--x', String(at / line));
    if (to !== undefined) box.current?.style.setProperty('--w', String((to - at) / line));
  }, [at, to, line]);
  if (!onClick) return <span ref={box as never} {...rest}>{children}</span>;
  return <button type="button" tabIndex={-1} ref={box as never} {...rest} onClick={onClick}>{children}</button>;
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];

/** ticks places at most ten round times on a line. */
function ticks(length: number): number[] {
  const step = (steps.find((each) => length / 1000 / each <= 10) ?? 3600) * 1000;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
}
