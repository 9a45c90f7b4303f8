// What the recorder has of a call, from its sealed bundle.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as record from '../product/record.mjs';
import { must } from '../specimen/tools.mjs';

/** The sealed room's bundle, unpacked; gives its folder. */
export async function bundle({ server, room }) {
  const got = await server.api(`/api/v1/rooms/${room}/bundle.zip`);
  const zip = join(server.folder, 'bundle.zip');
  await writeFile(zip, Buffer.from(await got.arrayBuffer()));
  return record.unpack(zip, join(server.folder, 'bundle'));
}

/** The sizes that the seller's recorded pictures decode to. */
export async function sizes(bag) {
  const folder = join(bag, 'data/recording');
  const found = new Set();
  for (const name of await readdir(folder)) {
    if (!name.startsWith('seller')) continue;
    const out = await must('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'frame=width,height', '-of', 'csv=p=0', join(folder, name)]);
    for (const line of out.trim().split('\n')) found.add(line.replace(/,$/, '').replace(',', 'x'));
  }
  return [...found];
}

/** Lines of the seller's frame index that arrived within from..to, ms of Date.now(). */
export async function frames(bag, track, from, to) {
  const folder = join(bag, 'data/frames');
  const found = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith('seller')) continue;
    for (const line of (await readFile(join(folder, name), 'utf8')).trim().split('\n')) {
      const frame = JSON.parse(line);
      const at = Date.parse(frame.at);
      if (frame.track === track && at >= from && at <= to) found.push(frame);
    }
  }
  return found;
}
