// Two machines of network namespaces: the server's, where the manager's browser
// and the test run, too, and the seller's, whose link is filtered and readdressed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM, must, run } from '../specimen/tools.mjs';

export const SERVER = '10.99.0.1';
const LINK = '10.99.1';
const VARIABLE = 'NETWORK_MACHINES'; // tells the test within where it is

/**
 * Runs the test once more within the server's machine, and gives null after that; within, it
 * gives the machines. Skips the test where namespaces aren't permitted.
 */
export async function machines(t, file) {
  if (process.env[VARIABLE]) return within(JSON.parse(process.env[VARIABLE]));
  const names = ['srv', 'sel'].map((role) => `net-vc${process.pid}-${role}`);
  const folder = await mkdtemp(join(tmpdir(), 'verifycall-machines-'));
  try {
    const missing = await make(...names);
    if (missing) return void t.skip(`NOT CHECKED: ${missing}`);
    const there = { seller: names[1], folder, ...(await certificate(folder)) };
    const env = { ...process.env, [VARIABLE]: JSON.stringify(there), NODE_EXTRA_CA_CERTS: there.cert };
    delete env.NODE_TEST_CONTEXT; // a run of its own, not a part of this one
    const child = spawn('ip', ['netns', 'exec', names[0], process.execPath, '--test-reporter=spec', `--test-name-pattern=^${t.name}$`, file], { env, stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`within the server's machine: code ${code}`);
  } finally {
    for (const name of names) await run('ip', ['netns', 'del', name]);
    await rm(folder, { recursive: true, force: true });
  }
  return null;
}

/** Makes both and the link between them; says what is missing here. */
async function make(server, seller) {
  for (const tool of ['ip', 'nft', 'openssl']) {
    if (await run(tool, ['-V']).catch(() => null) === null) return `no ${tool} on this machine`;
  }
  if ((await run('ip', ['netns', 'add', server])).code !== 0) return 'network namespaces aren\'t permitted here';
  await must('ip', ['netns', 'add', seller]);
  for (const line of [
    `-n ${server} link set lo up`, `-n ${seller} link set lo up`,
    `-n ${server} link add sel type veth peer name eth0 netns ${seller}`,
    `-n ${server} addr add ${LINK}.1/24 dev sel`, `-n ${server} addr add ${SERVER}/32 dev sel`, `-n ${server} link set sel up`,
    `-n ${seller} addr add ${LINK}.2/24 dev eth0`, `-n ${seller} link set eth0 up`, `-n ${seller} route add default via ${LINK}.1`,
  ]) await must('ip', line.split(' '));
  return '';
}

async function certificate(folder) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await must('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', key, '-out', cert,
    '-subj', '/CN=verifycall', '-addext', `subjectAltName=IP:${SERVER}`]);
  return { cert, key };
}

async function within({ seller, folder, cert, key }) {
  const ip = (...words) => must('ip', ['-n', seller, ...words]);
  const chromium = join(folder, 'chromium');
  await writeFile(chromium, `#!/bin/sh\nexec ip netns exec ${seller} ${CHROMIUM} "$@"\n`);
  await chmod(chromium, 0o755);
  const rules = join(folder, 'rules');
  const load = async (lines) => {
    const chain = (hook) => `chain ${hook} { type filter hook ${hook} priority 0; policy drop;\niif lo accept\noif lo accept\n${lines.join('\n')}\n}\n`;
    await writeFile(rules, `table inet f {\n${chain('input')}${chain('output')}}\n`);
    await must('ip', ['netns', 'exec', seller, 'nft', '-f', rules]);
  };
  return {
    /** The program's settings there: pages and relay on port 443, media on 7000. */
    settings: ['--listen', `${SERVER}:443`, '--media-listen', `${SERVER}:7000`, '--tls-cert', cert, '--tls-key', key, '--public-url', `https://${SERVER}`],
    /** Program that is Chromium in the seller's machine. */
    chromium,
    /** Nothing but what the rules of nftables accept leaves or enters the seller's machine. */
    filter: (...accepted) => load(accepted),
    /** What the seller's machine has open passes no more, and nothing says so; what it opens from now on does. */
    async forget() {
      const lines = [];
      for (const [kind, flag] of [['udp', '-u'], ['tcp', '-t']]) {
        const open = await must('ip', ['netns', 'exec', seller, 'ss', '-Hna', flag]);
        const ports = [...new Set(open.split('\n').map((line) => line.trim().split(/\s+/)[3]?.split(':').at(-1)).filter(Number))];
        if (ports.length > 0) lines.push(...['sport', 'dport'].map((end) => `${kind} ${end} { ${ports.join(', ')} } drop`));
      }
      await load([...lines, 'accept']);
    },
    /** The seller's machine gets another address. */
    async readdress() {
      await ip('addr', 'flush', 'dev', 'eth0');
      await ip('addr', 'add', `${LINK}.3/24`, 'dev', 'eth0');
      await ip('route', 'add', 'default', 'via', `${LINK}.1`);
    },
  };
}
