import assert from 'node:assert/strict';
import test from 'node:test';
import { clockTime, lastBefore, lineOf } from '../src/audit/review/line.ts';

const from = '2026-11-26T15:30:00Z';
const at = (ms) => new Date(Date.parse(from) + ms).toISOString();
const entry = (seq, ms, type, body = {}) => ({ seq, at: at(ms), actor: 'system', type, body });
const recording = (id, participant, offset_ms, duration_ms, gaps = []) => ({ id, participant, offset_ms, duration_ms, gaps, tracks: [], file: `${id}.webm`, index: `${id}.jsonl` });

function review(facts = {}, timeline = []) {
  return { facts: { call: { from, to: at(60_000) }, recordings: [], captures: [], gaps: [], coverage: {}, ...facts }, timeline, personal: {} };
}

test('a call without recording, still or step has a line of its length', () => {
  const line = lineOf(review());
  assert.equal(line.length, 60_000);
  assert.deepEqual([line.tracks.seller, line.tracks.manager, line.stills, line.gaps, line.steps, line.marks], [[], [], [], [], [], []]);
});

test('a call of no time at all still has a line', () => assert.equal(lineOf(review({ call: { from, to: from } })).length, 1));

test('recordings lie at their offsets, in order, and a later end makes the line longer', () => {
  const line = lineOf(review({ recordings: [recording('seller-2', 'seller', 40_000, 25_000), recording('seller-1', 'seller', 100, 30_000), recording('manager-1', 'manager', 0, 60_000)] }));
  assert.deepEqual(line.tracks.seller.map((track) => [track.recording.id, track.start, track.end]), [['seller-1', 100, 30_100], ['seller-2', 40_000, 65_000]]);
  assert.equal(line.length, 65_000);
});

test('entries before and after the call lie at its ends and are told apart', () => {
  const { marks } = lineOf(review({}, [entry(1, -600_000, 'created'), entry(2, -900, 'admitted'), entry(3, 30_000, 'chat'), entry(4, 200_000, 'sealed')]));
  assert.deepEqual(marks.map(({ at: place, inCall }) => [place, inCall]), [[0, false], [0, true], [30_000, true], [60_000, false]]);
});

test('a step lasts until the next one, the last to the end', () => {
  const { steps } = lineOf(review({}, [entry(1, 1000, 'step', { step: 'FACE' }), entry(2, 9000, 'step', { step: 'DOC_FRONT' })]));
  assert.deepEqual(steps, [{ step: 'FACE', start: 1000, end: 9000 }, { step: 'DOC_FRONT', start: 9000, end: 60_000 }]);
});

test('stills of a slot are counted in turn', () => {
  const still = (slot, ms) => ({ slot, sha256: 'ab', width: 1280, height: 720, at: at(ms), recording: 'seller-1', frame: 7 });
  const { stills } = lineOf(review({ captures: [still('FACE', 2000), still('DOC_FRONT', 3000), still('FACE', 4000)] }));
  assert.deepEqual(stills.map(({ slot, turn, at: place }) => [slot, turn, place]), [['FACE', 1, 2000], ['DOC_FRONT', 1, 3000], ['FACE', 2, 4000]]);
});

test('gaps within and between recordings are on one line, short ones left out', () => {
  const { gaps } = lineOf(review({
    recordings: [recording('seller-1', 'seller', 1000, 20_000, [{ track: 'audio', from_ms: 500, to_ms: 900, cause: 'loss' }, { track: 'video', from_ms: 0, to_ms: 120, cause: 'lead_in' }])],
    gaps: [{ participant: 'manager', track: '', from_ms: 0, to_ms: 700, cause: 'lead_in' }],
  }));
  assert.deepEqual(gaps, [
    { side: 'manager', cause: 'lead_in', start: 0, end: 700 },
    { side: 'seller.audio', cause: 'loss', start: 1500, end: 1900 },
  ]);
});

test('the last mark that is not after a time', () => {
  const marks = [{ at: 0 }, { at: 10 }, { at: 20 }];
  assert.equal(lastBefore(marks, 19), marks[1]);
  assert.equal(lastBefore(marks, 20), marks[2]);
  assert.equal(lastBefore(marks, -1), undefined);
});

test('times on the line', () => {
  assert.deepEqual([clockTime(0), clockTime(208_160), clockTime(208_160, true), clockTime(-5), clockTime(3_725_000)], ['0:00', '3:28', '3:28.16', '0:00', '62:05']);
});
