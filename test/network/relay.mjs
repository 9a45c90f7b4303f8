// A network between browsers and the server: a UDP relay on another loopback
// address with the media port's number, which delays, loses and rations packets.
// The server is told to announce that address (--public-ip); it and the browsers
// are as they always are. Runs as a process of its own, so that nothing else
// holds packets up; told what to do by messages (see network.mjs).
import dgram from 'node:dgram';

const [address, port, server] = process.argv.slice(2);
const conditions = {}; // by participant and direction: { loss, delay, kbps, queue }
const counts = {};
let arriving = ''; // participant that new flows belong to
const flows = new Map(); // by the browser's address

process.on('message', ({ set, who, read }) => {
  if (set) Object.assign(conditions, set);
  if (who) arriving = who;
  if (read) {
    process.send({ counts: structuredClone(counts) });
    for (const key of Object.keys(counts)) delete counts[key];
  }
});

const outside = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
outside.on('message', (packet, from) => {
  const key = `${from.address}:${from.port}`;
  if (!flows.has(key)) flows.set(key, flow(from));
  flows.get(key).up(packet);
});
outside.bind(Number(port), address, () => process.send({ ready: true }));

function flow(from) {
  const who = arriving;
  const inside = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  const down = way(`${who}.down`, (packet) => outside.send(packet, from.port, from.address));
  const up = way(`${who}.up`, (packet) => inside.send(packet, Number(port), server));
  inside.on('message', down);
  return { up };
}

// A way through: the lost are lost first, what passes is sent at the rate (IP and
// UDP headers count), and what finds the queue full is lost, too.
function way(name, deliver) {
  let free = 0; // ms, when the line has sent what it took
  const waiting = []; // [due, packet], in order
  let timer;
  const drain = () => {
    timer = undefined;
    const now = performance.now();
    while (waiting.length > 0 && waiting[0][0] <= now) deliver(waiting.shift()[1]);
    if (waiting.length > 0) timer = setTimeout(drain, waiting[0][0] - now);
  };
  return (packet) => {
    const { loss = 0, delay = 0, kbps = 0, queue = 500 } = conditions[name] ?? {};
    const count = (counts[name] ??= { packets: 0, bytes: 0, lost: 0, full: 0, queued: 0 });
    const now = performance.now();
    count.packets++;
    count.bytes += packet.length + 28;
    if (Math.random() * 100 < loss) return void count.lost++;
    free = Math.max(free, now);
    if (kbps) {
      count.queued = Math.max(count.queued, Math.round(free - now));
      if (free - now > queue) return void count.full++;
      free += ((packet.length + 28) * 8) / kbps;
    }
    const due = Math.max((kbps ? free : now) + delay, waiting.at(-1)?.[0] ?? 0);
    if (due <= now && waiting.length === 0) return deliver(packet);
    waiting.push([due, packet]);
    timer ??= setTimeout(drain, due - now);
  };
}
