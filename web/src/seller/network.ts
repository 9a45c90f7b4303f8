import { useEffect, useState } from 'preact/hooks';
import type { CallMedia } from '../shared/rtc';

/** What the own network was measured to do, through the real media server. */
export type Network = { rtt: number; loss: number };

const period = 1000; // ms

/** useNetwork reads round trip (ms) and loss (share) of what is sent, once a second while the media are up. */
export function useNetwork(media: CallMedia): Network | null {
  const [network, setNetwork] = useState<Network | null>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      void media.stats()?.then((report) => setNetwork((before) => read(report) ?? before));
    }, period);
    return () => clearInterval(timer);
  }, [media]);
  return network;
}

/** The figures of a report of getStats: the receiver's own reports of the sent video, else of the transport. */
function read(report: RTCStatsReport): Network | null {
  let rtt: number | undefined;
  let loss = 0;
  for (const entry of report.values() as Iterable<Record<string, unknown>>) {
    if (entry['type'] === 'candidate-pair' && entry['nominated'] && typeof entry['currentRoundTripTime'] === 'number') rtt ??= entry['currentRoundTripTime'];
    if (entry['type'] === 'remote-inbound-rtp') {
      if (typeof entry['roundTripTime'] === 'number') rtt = entry['roundTripTime'];
      if (typeof entry['fractionLost'] === 'number') loss = Math.max(loss, entry['fractionLost']);
    }
  }
  return rtt === undefined ? null : { rtt: Math.round(rtt * 1000), loss };
}
