import assert from 'node:assert/strict';
import test from 'node:test';
import { withOpusNack } from '../src/shared/sdp.ts';

const offer = ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63', 'a=rtpmap:111 opus/48000/2', 'a=rtcp-fb:111 transport-cc', 'a=rtpmap:63 red/48000/2', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack', ''].join('\r\n');

test('Opus gets NACK, and nothing else changes', () => {
  const changed = withOpusNack(offer);
  assert.deepEqual(changed.split('\r\n').filter((line) => !offer.split('\r\n').includes(line)), ['a=rtcp-fb:111 nack']);
  assert.equal(changed.replace('a=rtcp-fb:111 nack\r\n', ''), offer);
});

test('an offer that has it already, or no Opus, stays as it is', () => {
  assert.equal(withOpusNack(withOpusNack(offer)), withOpusNack(offer));
  assert.equal(withOpusNack(offer.replace('opus', 'other')), offer.replace('opus', 'other'));
});
