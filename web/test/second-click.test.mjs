import assert from 'node:assert/strict';
import test from 'node:test';
import { isSecond } from '../src/shared/second-click.ts';

const first = { x: 180, y: 640, at: 1000, count: 1, touch: false, press: 1 };
const then = (more) => isSecond(first, { ...first, press: 2, at: 1200, ...more });

test('the browser\'s count tells a double click, however slow the page was', () => {
  assert.equal(then({ count: 2 }), true);
  assert.equal(then({ count: 2, at: 9000 }), true);
  assert.equal(then({ count: 1 }), false, 'two clicks that were meant');
});

test('taps are not counted everywhere: quick ones at one place are a double tap', () => {
  assert.equal(then({ touch: true }), true);
  assert.equal(then({ touch: true, at: 1500 }), false);
});

test('elsewhere, by the keyboard, or made by the same press it is a click of its own', () => {
  assert.equal(then({ count: 2, x: 260 }), false);
  assert.equal(then({ touch: true, y: 700 }), false);
  assert.equal(isSecond(first, { ...first, count: 2, at: 1001 }), false, 'a label clicks its input');
  assert.equal(then({ count: 0 }), false);
});
