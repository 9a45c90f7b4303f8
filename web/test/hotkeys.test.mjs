import assert from 'node:assert/strict';
import test from 'node:test';
import { listeners } from './browser.mjs';

globalThis.HTMLElement ??= class {};
globalThis.document ??= { querySelector: () => null };
const { bindKeys } = await import('../src/shared/hotkeys.ts');

/** What keys do that are held until they have repeated twice, and which of their presses the browser was kept from. */
function held(...names) {
  const acts = [];
  const act = (name) => () => acts.push(name);
  const stop = bindKeys({ d: act('d'), space: act('space'), 'ctrl+enter': act('ctrl+enter'), k: act('k') }, { arrowleft: act('arrowleft') });
  let prevented = 0;
  for (const name of names) {
    const key = { space: ' ', arrowleft: 'ArrowLeft' }[name] ?? name.replace('ctrl+', '');
    for (const repeat of [false, true, true]) {
      listeners.get('keydown')({ key, repeat, ctrlKey: name.startsWith('ctrl+'), preventDefault: () => prevented++ });
    }
  }
  stop();
  return { acts, prevented };
}

test('a key that is held down acts once', () => {
  assert.deepEqual(held('d', 'space', 'ctrl+enter', 'k'), { acts: ['d', 'space', 'ctrl+enter', 'k'], prevented: 12 });
});

test('a move goes on', () => {
  assert.deepEqual(held('arrowleft').acts, ['arrowleft', 'arrowleft', 'arrowleft']);
});
