/** One click or tap: where, when (ms), the browser's count of clicks in a row, which press of the pointer it came from. */
export type Click = { x: number; y: number; at: number; count: number; touch: boolean; press: number };

const near = 24; // px
const quick = 400; // ms between the taps of one double tap, which not every browser counts

/** isSecond tells the second click of a double click from one that was meant: at the same place, by a press of its own. */
export function isSecond(before: Click, now: Click): boolean {
  if (now.press === before.press || Math.hypot(now.x - before.x, now.y - before.y) > near) return false;
  return now.count > 1 || (now.touch && now.at - before.at < quick);
}

const controls = 'button, a, input, select, textarea, label, summary';

/**
 * Keeps the second click of a double click from what the first one brought to the same place: "Go on" twice would
 * otherwise refuse on the next screen. On the control that was clicked it passes. Enter held on a control, which
 * browsers take for a click each time it repeats, clicks once.
 */
export function guardSecondClicks(): void {
  let before: (Click & { on: Element | null }) | undefined;
  addEventListener('keydown', (event) => {
    if (event.repeat && event.key === 'Enter' && event.target instanceof Element && event.target.closest('button, a, summary')) event.preventDefault();
  }, true);
  let press = 0;
  let touch = false;
  addEventListener('pointerdown', (event) => {
    press++;
    touch = event.pointerType === 'touch';
  }, true);
  addEventListener('click', (event) => {
    const on = event.target instanceof Element ? event.target.closest(controls) : null;
    const now = { x: event.clientX, y: event.clientY, at: event.timeStamp, count: event.detail, touch, press, on };
    if (before && on !== before.on && isSecond(before, now)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    before = now;
  }, true);
}
