/** What the line from the server brings of the seller's picture, once a second. */
export interface Health {
  fps: number;
  /** bits per second of picture and sound */
  rate: number;
  /** share of packets lost in the last second, 0 to 1 */
  loss: number;
  /** ms to the server and back, or undefined while unknown */
  trip: number | undefined;
}

/** Running totals of a report, to tell what one second brought. */
export interface Totals {
  at: number; // ms
  bytes: number;
  packets: number;
  lost: number;
  frames: number;
}

export const noTotals: Totals = { at: 0, bytes: 0, packets: 0, lost: 0, frames: 0 };

/** measure reads a getStats report against the totals of the one before. */
export function measure(report: RTCStatsReport, before: Totals): { health: Health; totals: Totals } {
  const totals: Totals = { ...noTotals };
  let trip: number | undefined;
  for (const stat of report.values()) {
    if (stat.type === 'inbound-rtp') {
      totals.at = stat.timestamp;
      totals.bytes += stat.bytesReceived ?? 0;
      totals.packets += stat.packetsReceived ?? 0;
      totals.lost += Math.max(0, stat.packetsLost ?? 0);
      if (stat.kind === 'video') totals.frames += stat.framesDecoded ?? 0;
    }
    if (stat.type === 'candidate-pair' && stat.nominated && stat.currentRoundTripTime !== undefined) trip = stat.currentRoundTripTime * 1000;
  }
  const seconds = (totals.at - before.at) / 1000;
  // A new connection counts from zero again: nothing can be told yet.
  if (!before.at || seconds <= 0 || totals.bytes < before.bytes) return { health: { fps: 0, rate: 0, loss: 0, trip }, totals };
  const lost = Math.max(0, totals.lost - before.lost);
  const packets = totals.packets - before.packets + lost;
  return {
    health: {
      fps: (totals.frames - before.frames) / seconds,
      rate: ((totals.bytes - before.bytes) * 8) / seconds,
      loss: packets > 0 ? lost / packets : 0,
      trip,
    },
    totals,
  };
}

/** What counts as good is said in the product's own numbers: loss < 5 %, round trip < 300 ms, 1.1 Mbit/s. */
export function grade({ fps, rate, loss, trip }: Health): 'none' | 'poor' | 'fair' | 'good' {
  if (rate === 0) return 'none';
  if (fps < 5 || loss > 0.1) return 'poor';
  return fps < 15 || loss > 0.05 || (trip ?? 0) > 300 || rate < 600_000 ? 'fair' : 'good';
}
