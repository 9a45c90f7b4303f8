/** One track of a line of the bundle's quality.jsonl. */
export interface Health {
  participant: string;
  kind: string;
  fps: number;
  kbps: number;
  /** per mille */
  loss: number;
  /** ms, 0 while unknown */
  rtt: number;
}

/** How the seller's network stood over some seconds. */
export interface Network {
  /** ms from the call's begin */
  start: number;
  end: number;
  fps: number;
  kbps: number;
  loss: number;
  rtt: number;
  level: 'good' | 'fair' | 'poor';
}

const longest = 15_000; // ms; what is longer is a time without figures

/** networkOf reads the server's figures of the seller's picture. Pure; lines that can't be read are passed over. */
export function networkOf(text: string, start: number, length: number): Network[] {
  const list: Network[] = [];
  for (const line of text.split('\n')) {
    if (!line) continue;
    let read: { at?: string; who?: string; tracks?: Health[] };
    try {
      read = JSON.parse(line) as typeof read;
    } catch {
      continue;
    }
    const track = read.who === 'server' ? read.tracks?.find((each) => each.participant === 'seller' && each.kind === 'video') : undefined;
    const at = Date.parse(read.at ?? '') - start;
    if (!track || !(at >= 0) || at > length + longest) continue;
    const { fps, kbps, loss, rtt } = track;
    const before = list.at(-1)?.end ?? 0;
    list.push({ start: Math.max(before, at - longest, 0), end: Math.min(at, length), fps, kbps, loss, rtt, level: levelOf(track) });
  }
  return list.filter((each) => each.end > each.start);
}

/** Good is under 5 % loss and 300 ms; poor is what hides a document. */
function levelOf({ fps, loss, rtt }: Health): Network['level'] {
  if (loss >= 100 || rtt >= 600 || fps < 5) return 'poor';
  return loss >= 50 || rtt >= 300 || fps < 12 ? 'fair' : 'good';
}
