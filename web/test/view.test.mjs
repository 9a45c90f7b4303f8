import assert from 'node:assert/strict';
import test from 'node:test';
import { endOf, viewOf } from '../src/seller/view.ts';

const state = (room, more = {}) => ({ room: { state: room }, you: { notice: 'agreed' }, ...more });
const situation = (more) => ({ status: 'open', fault: null, replacedBy: '', state: null, media: 'connected', progress: 'welcome', camera: true, ...more });
const screen = (more) => viewOf(situation(more)).screen;
const end = (more) => viewOf(situation(more)).kind;

test('nothing is known yet', () => assert.equal(screen({ status: 'connecting' }), 'loading'));

test('before the consent the seller\'s own progress counts', () => {
  for (const progress of ['welcome', 'check', 'consent']) {
    for (const room of ['invited', 'booked']) assert.equal(screen({ state: state(room), progress }), progress);
  }
});

test('the room\'s state chooses the screen', () => {
  const wanted = { waiting: 'waiting', live: 'call', interrupted: 'lost', ended: 'ended', decided: 'ended', in_review: 'ended', closed: 'ended' };
  for (const [room, want] of Object.entries(wanted)) assert.equal(screen({ state: state(room) }), want, room);
  for (const room of ['decided', 'in_review', 'closed']) assert.equal(screen({ state: state(room, { outcome: { verdict: 'pass' } }) }), 'result', room);
});

test('without a camera a call is not entered', () => {
  for (const room of ['waiting', 'live', 'interrupted']) assert.equal(screen({ state: state(room), camera: false }), 'check', room);
});

test('a lost socket alone leaves the call on the screen while pictures run', () => {
  assert.equal(screen({ state: state('live'), status: 'lost' }), 'call');
  assert.equal(screen({ state: state('live'), status: 'lost', media: 'lost' }), 'lost');
});

test('ends without a result', () => {
  for (const room of ['cancelled', 'no_show', 'expired', 'purged']) assert.equal(end({ state: state(room) }), room);
  assert.equal(end({ state: { ...state('aborted'), you: { notice: 'declined' } } }), 'declined');
  assert.equal(end({ state: { ...state('aborted'), you: { notice: 'withdrawn' } } }), 'withdrawn');
  assert.equal(end({ state: state('aborted') }), 'aborted');
});

test('another tab or device took the call, whatever the room is in', () => {
  assert.equal(end({ status: 'replaced', replacedBy: 'tab', state: state('live') }), 'replacedTab');
  assert.equal(end({ status: 'replaced', replacedBy: 'device', state: state('live') }), 'replacedDevice');
});

test('a result can be read in any number of tabs', () => {
  for (const room of ['decided', 'in_review', 'closed']) {
    assert.equal(screen({ status: 'replaced', replacedBy: 'tab', state: state(room, { outcome: { verdict: 'fail' } }) }), 'result');
    assert.equal(end({ status: 'replaced', replacedBy: 'tab', state: state(room) }), 'replacedTab');
  }
});

test('a refused connection tells why; a refused message in a call does not end it', () => {
  assert.deepEqual(viewOf(situation({ status: 'closed', fault: { code: 'link_expired', message: 'It has expired.' } })), { screen: 'end', kind: 'link_expired', message: 'It has expired.' });
  assert.equal(end({ status: 'connecting', fault: { code: 'needs_allow' } }), 'needs_allow');
  assert.equal(screen({ status: 'open', fault: { code: 'needs_allow' }, state: state('live') }), 'call');
  assert.equal(screen({ status: 'open', fault: { code: 'internal' }, state: state('live') }), 'call');
});

test('each code has a page, the unknown ones a common one', () => {
  assert.deepEqual(['link_unknown', 'not_found', 'network', 'too_many', ''].map(endOf), ['link_unknown', 'link_unknown', 'network', 'other', 'other']);
});
