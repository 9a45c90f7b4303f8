import { ImageOff, Link2, Link2Off, Maximize, RotateCcw, RotateCw, Search, ZoomIn, ZoomOut, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Blank } from '../../shared/staff';
import { Button, classes } from '../../shared/ui';
import { t } from '../text';
import { Loupe } from './Loupe';
import type { Pair, Side } from './pair';

export const modes = ['stacked', 'side', 'overlay', 'flicker'] as const;
export type Mode = (typeof modes)[number];

/** What one side shows, or why it shows nothing. */
export interface Shown {
  /** '' when there is no picture */
  url: string;
  /** What it is, and from when; labels over the picture. */
  labels: string[];
  /** A mark at the far corner. */
  mark?: ComponentChildren;
  empty: { title: string; line: string; icon: LucideIcon };
}

type LinkedViewsProps = { pair: Pair; a: Shown; b: Shown; mode: Mode; /** The lower picture of overlay and flicker is on top. */ swapped: boolean; /** How much an overlay shows of the upper picture, percent. */ sheer: number };

/** Two pictures of one thing: above each other, beside each other, or on top of each other. */
export function LinkedViews({ pair, a, b, mode, swapped, sheer }: LinkedViewsProps) {
  const over = mode === 'overlay' || mode === 'flicker';
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => box.current?.style.setProperty('--sheer', String(sheer / 100)), [sheer]);
  return (
    <div ref={box} class={classes('views', `views-${over ? 'over' : mode}`, mode === 'overlay' && 'sheer', over && swapped && 'swapped')}>
      <OneView pair={pair} side="a" shown={a} />
      <OneView pair={pair} side="b" shown={b} />
    </div>
  );
}

function OneView({ pair, side, shown }: { pair: Pair; side: Side; shown: Shown }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => pair.mount(side, place.current!), [pair, side]);
  useEffect(() => pair.show(side, shown.url), [pair, side, shown.url]);
  return (
    <figure class={classes('view', `view-${side}`, !shown.url && 'view-empty')} data-testid={`manager-view-${side}`} onPointerMove={(event) => pair.point(event.currentTarget, event)} onPointerLeave={() => pair.unpoint()}>
      <div class="view-canvas" ref={place} hidden={!shown.url} />
      {shown.url && pair.loupe.value && pair.at.value && <Loupe pair={pair} side={side} url={shown.url} at={pair.at.value} />}
      {!shown.url && <Blank icon={shown.empty.icon} title={shown.empty.title} line={shown.empty.line} />}
      {pair.broken.value[side] && (
        <div class="view-broken">
          <Blank icon={ImageOff} title={t('compare.brokenPicture')} tone="danger">
            <Button onClick={() => pair.reload(side)}>{t('compare.brokenRetry')}</Button>
          </Blank>
        </div>
      )}
      <figcaption>
        {shown.labels.map((label) => <span class="over-label" key={label}>{label}</span>)}
      </figcaption>
      {shown.url && shown.mark && <div class="view-marks">{shown.mark}</div>}
    </figure>
  );
}

/** Zoom, turn, fit and link, below the views. */
export function ViewTools({ pair, narrow, children }: { pair: Pair; /** There are more tools than usual. */ narrow: boolean; children?: ComponentChildren }) {
  const linked = pair.linked.value;
  return (
    <div class="view-tools">
      <Button kind="ghost" bar icon={ZoomOut} label={`${t('compare.zoomOut')} (−)`} onClick={() => pair.zoomBy(-1)} />
      <span class="tool-figure figures" role="status" aria-live="off">{pair.zoom.value} %</span>
      <Button kind="ghost" bar icon={ZoomIn} label={`${t('compare.zoomIn')} (+)`} onClick={() => pair.zoomBy(1)} />
      <Button kind="ghost" bar icon={Maximize} label={`${t('compare.fit')} (0)`} onClick={() => pair.fit()} />
      <span class="tool-rule" />
      <Button kind="ghost" bar icon={RotateCcw} label={`${t('compare.turnLeft')} ([)`} onClick={() => pair.turn(-1)} />
      <Button kind="ghost" bar icon={RotateCw} label={`${t('compare.turnRight')} (])`} onClick={() => pair.turn(1)} />
      <span class="tool-figure figures">{String(pair.rotation.value).replace('-', '−')}°</span>
      <span class="tool-rule" />
      <Button kind="ghost" bar icon={Search} label={t('compare.loupe')} class={classes(pair.loupe.value && 'on')} aria-pressed={pair.loupe.value} data-testid="manager-loupe" onClick={() => pair.toggleLoupe()} onKeyDown={(event) => pair.stepLoupe(event)} />
      <span class="grow" />
      {children}
      <Button kind="ghost" bar class={classes('link-toggle', linked && 'on')} aria-pressed={linked} icon={linked ? Link2 : Link2Off} hotkey="K" data-testid="manager-link-views" onClick={() => pair.toggleLink()}>
        <span class={classes(narrow && 'only-read')}>{linked ? t('compare.linked') : t('compare.unlinked')}</span>
      </Button>
    </div>
  );
}
