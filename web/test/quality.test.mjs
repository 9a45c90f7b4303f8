import assert from 'node:assert/strict';
import test from 'node:test';
import { received, summarize } from '../src/shared/quality.ts';

const report = (at, bytes, packets, lost, frames) =>
  new Map([
    ['T', { id: 'T', type: 'transport', selectedCandidatePairId: 'P', bytesReceived: bytes }],
    ['P', { id: 'P', type: 'candidate-pair', nominated: true, localCandidateId: 'L', currentRoundTripTime: 0.04 }],
    ['L', { id: 'L', type: 'local-candidate', candidateType: 'relay', protocol: 'udp' }],
    ['I', { id: 'I', type: 'inbound-rtp', kind: 'video', timestamp: at, bytesReceived: bytes, packetsReceived: packets, packetsLost: lost, framesDecoded: frames, frameWidth: 1280, frameHeight: 720, jitter: 0.004, totalFreezesDuration: at / 10000 }],
    ['O', { id: 'O', type: 'outbound-rtp', kind: 'audio', timestamp: at, bytesSent: bytes, packetsSent: packets, remoteId: 'R' }],
    ['R', { id: 'R', type: 'remote-inbound-rtp', packetsLost: lost, roundTripTime: 0.05, jitter: 0.001 }],
  ]);

test('a span between two reports', () => {
  const first = summarize(report(1000, 0, 0, 0, 0), new Map());
  assert.deepEqual(first.quality, { path: 'relay', tracks: [] });
  const { quality } = summarize(report(6000, 1_250_000, 950, 50, 125), first.totals);
  assert.deepEqual(quality.tracks, [
    { direction: 'in', kind: 'video', width: 1280, height: 720, fps: 25, kbps: 2000, loss: 50, rtt: 40, jitter: 4, frozen: 500 },
    { direction: 'out', kind: 'audio', width: 0, height: 0, fps: 0, kbps: 2000, loss: 53, rtt: 50, jitter: 1, frozen: 0 },
  ]);
});

test('a connection that counts from zero again gives no negative figures', () => {
  const { totals } = summarize(report(6000, 1_250_000, 950, 50, 125), new Map());
  const { quality } = summarize(report(7000, 1000, 2, 0, 1), totals);
  for (const track of quality.tracks) for (const value of Object.values(track)) assert.ok(typeof value === 'string' || value >= 0);
});

test('what has come', () => assert.equal(received(report(1, 700, 1, 0, 1)), 700));
