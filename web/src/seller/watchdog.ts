/** What watchCamera needs to know of the moment. */
export type Watched = {
  /** Frames that the camera has given so far; undefined while nobody can tell. */
  frames: () => Promise<number | undefined>;
  /** The picture should move: camera on, page in sight. */
  wanted: () => boolean;
  /** Opens the camera anew. */
  again: () => Promise<void>;
};

const look = 500; // ms
const still = 3; // looks without a new frame: within 2 s a frozen camera is opened anew
const rest = 10_000; // ms after a try that did not help

/** watchCamera opens the camera anew when it gives no more frames; some phones freeze it after a call or a lock. Returns its stop. */
export function watchCamera({ frames, wanted, again }: Watched, now: () => number = Date.now): { look: () => Promise<void>; stop: () => void } {
  let last: number | undefined;
  let same = 0;
  let quiet = 0;
  let busy = false;
  const once = async (): Promise<void> => {
    if (busy) return;
    if (!wanted() || now() < quiet) {
      same = 0;
      return;
    }
    busy = true;
    try {
      const count = await frames();
      same = count !== undefined && count === last ? same + 1 : 0;
      last = count;
      if (same < still) return;
      same = 0;
      quiet = now() + rest;
      await again().catch(() => undefined); // the rehearsal's page says what is wrong
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void once(), look);
  return { look: once, stop: () => clearInterval(timer) };
}
