// The seller's network passes TCP port 443 and nothing else: both see each other by
// the relay beside the pages.
import assert from 'node:assert/strict';
import test from 'node:test';
import { callBetween, figures, pause, print } from './call.mjs';
import { machines } from './machines.mjs';

test('a seller whose network passes TCP port 443 alone', async (t) => {
  const lab = await machines(t, import.meta.filename);
  if (!lab) return;
  const c = await callBetween(lab, () => lab.filter('tcp dport 443 accept', 'tcp sport 443 accept'));
  try {
    const way = await c.seller.evaluate(async () => {
      const stats = await window.peers.at(-1).getStats();
      const pair = [...stats.values()].find((s) => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
      const { candidateType, relayProtocol, url } = stats.get(pair.localCandidateId);
      return { candidateType, relayProtocol, url };
    });
    const decoded = async () => Promise.all([c.manager, c.seller].map(async (page) => (await figures(page))['in.video'].framesDecoded));
    const before = await decoded();
    await pause(5000);
    const after = await decoded();
    print('only_tls', { ...way, frames_in_5s: { manager: after[0] - before[0], seller: after[1] - before[1] } });
    assert.deepEqual([way.candidateType, way.relayProtocol], ['relay', 'tls']);
    for (const i of [0, 1]) assert.ok(after[i] > before[i], 'pictures go on coming');
  } finally {
    await c.close();
  }
});
