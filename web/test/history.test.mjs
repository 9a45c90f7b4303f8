import assert from 'node:assert/strict';
import test from 'node:test';
import { resumed } from '../src/seller/history.ts';

test('a reload comes back to its screen; the notice is read again after the camera was seen', () => {
  assert.deepEqual(['welcome', 'documents', 'check', 'consent', 'call', undefined, 7].map(resumed), ['welcome', 'documents', 'check', 'check', 'welcome', 'welcome', 'welcome']);
});
