// A test's handle on the relay.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const RELAY = fileURLToPath(new URL('relay.mjs', import.meta.url));

/** Address that the relay listens on and the server announces; all of 127/8 is loopback. */
export const RELAYED = '127.0.0.2';

/** Starts the relay before the server's media port on 127.0.0.1. */
export async function network(port) {
  const relay = fork(RELAY, [RELAYED, String(port), '127.0.0.1'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(relay, 'message');
  return {
    /** Participant that connections made from now on belong to. */
    for(who) { relay.send({ who }); },
    /** Conditions by "seller.up", "manager.down", …: { loss (percent), delay (ms), kbps, queue (ms) }. */
    set(conditions) { relay.send({ set: conditions }); },
    /** Packets, bytes, lost, queue-full and the longest queue (ms) since the last read, by way. */
    async counts() {
      relay.send({ read: true });
      return (await once(relay, 'message'))[0].counts;
    },
    close() { relay.kill(); },
  };
}
