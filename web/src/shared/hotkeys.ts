import { signal } from '@preact/signals';
import { ofBrowser } from './kept';

/**
 * Keys of a screen: a key as KeyboardEvent.key gives it, lower case, with "shift+", "ctrl+" (also ⌘) in front where it
 * needs them, for example "v", "shift+s", "ctrl+enter", "space", "arrowleft".
 */
export type Keymap = Record<string, (event: KeyboardEvent) => void>;

/** Single keys can be turned off (WCAG 2.1.4); kept for this browser. */
export const singleKeys = signal(ofBrowser.read('verifycall-keys') !== 'off');

/** Turns single keys on or off for this browser. */
export function setSingleKeys(on: boolean): void {
  singleKeys.value = on;
  ofBrowser.write('verifycall-keys', on ? 'on' : 'off');
}

/**
 * Binds keys until the returned stop is called. Single keys rest while typing and while a dialog is open. A key that is
 * held down acts once; those of moves act as often as it repeats.
 */
export function bindKeys(keys: Keymap, moves: Keymap = {}): () => void {
  const listen = (event: KeyboardEvent) => {
    const name = keyName(event);
    const act = moves[name] ?? keys[name];
    if (!act || event.defaultPrevented || event.altKey || event.isComposing) return;
    const chord = name.startsWith('ctrl+') || event.key === 'Escape' || /^F\d/.test(event.key);
    if (!chord && (!singleKeys.peek() || typing(event.target) || document.querySelector('dialog[open]'))) return;
    if (name === 'space' && onControl(event.target)) return;
    event.preventDefault();
    if (!event.repeat || name in moves) act(event);
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}

function keyName(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase();
  const letter = key.length > 1 || /\p{L}/u.test(key);
  return `${event.ctrlKey || event.metaKey ? 'ctrl+' : ''}${event.shiftKey && letter ? 'shift+' : ''}${key}`;
}

/** True where a key press writes. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches('textarea, select')) return true;
  return target.matches('input') && !target.matches('[type=checkbox], [type=radio], [type=button], [type=range]');
}

function onControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('button, a, input, select, textarea, summary, [role=tab], [role=button]');
}
