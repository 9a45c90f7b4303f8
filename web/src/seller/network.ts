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

const longest = 3000; // ms that the other way is looked at

/** useDownlink measures once how fast the server's bytes come, kbit/s; 0 while it isn't known. Not beside the uplink: both would share the network. */
export function useDownlink(now: boolean): number {
  const [kbps, setKbps] = useState(0);
  useEffect(() => {
    if (!now) return;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), longest);
    let left = false;
    void rateOf(stop.signal).then((rate) => left || setKbps(rate));
    return () => {
      left = true;
      clearTimeout(timer);
      stop.abort();
    };
  }, [now]);
  return kbps;
}

/** How fast the body of an answer comes until it ends or is stopped, kbit/s; 0 where nothing does. */
async function rateOf(signal: AbortSignal): Promise<number> {
  let bytes = 0;
  let begun = 0;
  try {
    const answer = await fetch('/api/seller/downlink', { signal });
    if (!answer.ok || !answer.body) return 0; // a server of before
    begun = performance.now();
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length;
  } catch {
    // stopped, or the network is gone: what came counts
  }
  return bytes ? Math.round((bytes * 8) / Math.max(1, performance.now() - begun)) : 0;
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
