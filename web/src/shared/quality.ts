import type { Quality, TrackQuality } from '../protocol';

const look = 500; // ms between two looks at getStats
const silence = 1400; // ms without a byte from the server, which sends some each second: the network is gone or another one
const reportLooks = 10; // looks to one report
const most = 6; // tracks of one report
const top = 1 << 20; // no figure is larger

/** Running totals of one RTP stream, to tell what a span brought. */
interface Totals {
  at: number; // ms
  bytes: number;
  packets: number;
  lost: number;
  frames: number;
  frozen: number; // s
}

/** What is kept of a report until the next: totals by the stream's id. */
export type Before = ReadonlyMap<string, Totals>;

/** summarize turns a getStats report into the server's message. */
export function summarize(report: RTCStatsReport, before: Before): { quality: Quality; totals: Before } {
  const totals = new Map<string, Totals>();
  const tracks: TrackQuality[] = [];
  for (const stat of report.values()) {
    const direction = stat.type === 'inbound-rtp' ? 'in' : stat.type === 'outbound-rtp' ? 'out' : '';
    if (!direction || (stat.kind !== 'audio' && stat.kind !== 'video')) continue;
    const now = totalsOf(stat, stat.remoteId ? report.get(stat.remoteId) : undefined);
    totals.set(stat.id, now);
    const last = before.get(stat.id);
    if (last && now.at > last.at && tracks.length < most) tracks.push(track(stat, direction, now, last, report));
  }
  return { quality: { path: pathOf(report), tracks }, totals };
}

/** What is sent is lost by what the other end tells, what is received by what is missing here. */
function totalsOf(stat: any, remote: any): Totals {
  return {
    at: stat.timestamp,
    bytes: stat.bytesReceived ?? stat.bytesSent ?? 0,
    packets: stat.packetsReceived ?? stat.packetsSent ?? 0,
    lost: Math.max(0, stat.packetsLost ?? remote?.packetsLost ?? 0),
    frames: stat.framesDecoded ?? stat.framesEncoded ?? 0,
    frozen: stat.totalFreezesDuration ?? 0,
  };
}

function track(stat: any, direction: string, now: Totals, last: Totals, report: RTCStatsReport): TrackQuality {
  const seconds = (now.at - last.at) / 1000;
  const lost = Math.max(0, now.lost - last.lost);
  const packets = Math.max(0, now.packets - last.packets) + (direction === 'in' ? lost : 0);
  const remote = stat.remoteId ? report.get(stat.remoteId) : undefined;
  return {
    direction,
    kind: stat.kind,
    ...(['f', 'h', 'q'].includes(stat.rid) ? { layer: stat.rid as string } : {}),
    width: figure(stat.frameWidth),
    height: figure(stat.frameHeight),
    fps: figure((now.frames - last.frames) / seconds),
    kbps: figure(((now.bytes - last.bytes) * 8) / 1000 / seconds),
    loss: figure(packets > 0 ? Math.min(1, lost / packets) * 1000 : 0),
    rtt: figure((remote?.roundTripTime ?? tripOf(report) ?? 0) * 1000),
    jitter: figure((stat.jitter ?? remote?.jitter ?? 0) * 1000),
    frozen: figure((now.frozen - last.frozen) * 1000),
  };
}

/** A whole number that the server takes. */
function figure(value: number | undefined): number {
  return Math.min(top, Math.max(0, Math.round(value ?? 0))) || 0;
}

function pair(report: RTCStatsReport): any {
  for (const stat of report.values()) {
    if (stat.type === 'transport' && stat.selectedCandidatePairId) return report.get(stat.selectedCandidatePairId);
  }
  return [...report.values()].find((stat) => stat.type === 'candidate-pair' && stat.nominated);
}

const tripOf = (report: RTCStatsReport): number | undefined => pair(report)?.currentRoundTripTime;

function pathOf(report: RTCStatsReport): string {
  const local = report.get(pair(report)?.localCandidateId);
  if (!local) return '';
  return local.candidateType === 'relay' ? 'relay' : local.protocol === 'tcp' ? 'tcp' : 'udp';
}

/** Bytes of media and reports that have come: the server sends some each second. */
export function received(report: RTCStatsReport): number {
  let bytes = 0;
  for (const stat of report.values()) {
    if (stat.type === 'transport' || stat.type === 'candidate-pair') bytes += stat.bytesReceived ?? 0;
  }
  return bytes;
}

type Watched = { stats: () => Promise<RTCStatsReport> | null; report: (quality: Quality) => void; silent: () => void };

/** watchQuality reports the figures to the server and tells when nothing comes any more; it gives what ends that. */
export function watchQuality({ stats, report, silent }: Watched): () => void {
  let before: Before = new Map();
  let bytes = 0;
  let looks = 0;
  let heard = performance.now(); // when a look last found more bytes
  const timer = setInterval(() => {
    void stats()
      ?.then((now) => {
        const come = received(now);
        const at = performance.now();
        if (come !== bytes || come === 0) heard = at;
        bytes = come;
        if (at - heard >= silence) {
          heard = at;
          silent();
        }
        if (++looks % reportLooks) return;
        const { quality, totals } = summarize(now, before);
        before = totals;
        if (quality.tracks.length) report(quality);
      })
      .catch(() => undefined); // the connection was closed meanwhile
  }, look);
  return () => clearInterval(timer);
}
