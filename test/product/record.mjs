// Looks at an evidence bundle with stock tools, and with the program's verify.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, run } from '../specimen/tools.mjs';

/** Unpacks a bundle and gives the folder that holds its bagit.txt. */
export async function unpack(zip, into) {
  await mkdir(into, { recursive: true });
  await must('unzip', ['-q', zip, '-d', into]);
  const found = (await readdir(into, { recursive: true })).find((name) => name.endsWith('bagit.txt'));
  assert.ok(found, `no bagit.txt in ${zip}`);
  return join(into, found, '..');
}

export const facts = async (bag) => JSON.parse(await readFile(join(bag, 'data/room.json'), 'utf8'));

/** The entries of the record's ledger. */
export async function entries(bag) {
  const text = await readFile(join(bag, 'data/ledger.jsonl'), 'utf8');
  return text.trim().split('\n').map((line) => JSON.parse(line));
}

/** The bundle's digest: SHA-256 of its tag manifest. */
export async function digest(bag) {
  return createHash('sha256').update(await readFile(join(bag, 'tagmanifest-sha256.txt'))).digest('hex');
}

/** The ledger has what happened, in order, and none of the personal values in clear. */
export async function checkLedger(bag, personal) {
  const all = await entries(bag);
  all.forEach((e, i) => {
    assert.equal(e.seq, i + 1);
    assert.equal(e.prev, i === 0 ? '' : all[i - 1].hash);
  });
  const text = await readFile(join(bag, 'data/ledger.jsonl'), 'utf8');
  const opened = await readFile(join(bag, 'data/private.jsonl'), 'utf8');
  for (const value of personal) {
    assert.ok(!text.includes(value), `the ledger holds ${value} in clear`);
    assert.ok(opened.includes(value), `${value} is among the opened values`);
  }
}

/** sha256sum and minisign accept it, without this software. */
export async function checkWithStockTools(bag, key) {
  for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
    const sums = await run('sha256sum', ['--strict', '--quiet', '-c', manifest], { cwd: bag });
    assert.equal(sums.code, 0, `sha256sum -c ${manifest}: ${sums.stdout}${sums.stderr}`);
  }
  const listed = (await readFile(join(bag, 'manifest-sha256.txt'), 'utf8')).trim().split('\n').length;
  const there = (await readdir(join(bag, 'data'), { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).length;
  assert.equal(listed, there, 'the manifest lists every file of data/');
  const signature = await run('minisign', ['-V', '-P', key, '-m', 'tagmanifest-sha256.txt'], { cwd: bag });
  assert.equal(signature.code, 0, `minisign -V -P: ${signature.stderr}${signature.stdout}`);
}

/** verify: 0 with the key, 3 without, 1 with a changed byte, naming the item. */
export async function checkWithVerify(program, zip, bag, key, keyFile) {
  for (const path of [zip, bag]) {
    for (const k of [key, keyFile]) {
      const good = await run(program, ['verify', path, '--key', k]);
      assert.equal(good.code, 0, `verify ${path} --key: ${good.stdout}${good.stderr}`);
    }
    const unknown = await run(program, ['verify', path]);
    assert.equal(unknown.code, 3, `verify ${path} without a key: ${unknown.stdout}${unknown.stderr}`);
    assert.match(unknown.stdout, /signer unknown/);
  }
  const broken = await run(program, ['verify', join(bag, 'no-such-folder'), '--key', key]);
  assert.equal(broken.code, 2, 'verify of a path that is not there');
  const still = (await readdir(join(bag, 'data/stills')))[0];
  const recording = (await readdir(join(bag, 'data/recording')))[0];
  for (const item of [`data/stills/${still}`, `data/recording/${recording}`, 'data/ledger.jsonl', 'data/private.jsonl', 'data/room.json', 'manifest-sha256.txt']) {
    await checkFlipped(program, bag, item, key);
  }
}

async function checkFlipped(program, bag, item, key) {
  const copy = `${bag.replace(/\/$/, '')}-flipped`;
  await cp(bag, copy, { recursive: true });
  await must('chmod', ['-R', 'u+w', copy]);
  const path = join(copy, item);
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(path, bytes);
  const found = await run(program, ['verify', copy, '--key', key, '--json']);
  assert.equal(found.code, 1, `verify with a changed byte in ${item}: ${found.stdout}${found.stderr}`);
  const plain = await run(program, ['verify', copy, '--key', key]);
  assert.ok(plain.stdout.includes(item), `verify does not name ${item}: ${plain.stdout}`);
  await must('rm', ['-rf', copy]);
}

/** Times of a recording's packets by stream type, in seconds. */
async function packets(path) {
  const probe = JSON.parse(await must('ffprobe', ['-v', 'error', '-show_entries', 'format=duration:stream=codec_type,codec_name,width,height:packet=codec_type,pts_time', '-of', 'json', path]));
  const times = { video: [], audio: [] };
  for (const p of probe.packets) times[p.codec_type].push(Number(p.pts_time));
  return { times, streams: probe.streams, duration: Number(probe.format.duration) };
}

/**
 * Every recording plays, seeks, and its frames together with the gaps that
 * room.json lists make up the call, for each track of each side, to 0.3 s a
 * recording: up to 0.25 s behind its last frame are no gap.
 */
export async function checkRecordings(bag) {
  const room = await facts(bag);
  const call = (Date.parse(room.call.to) - Date.parse(room.call.from)) / 1000;
  assert.ok(call > 3, `the call took ${call} s`);
  const sums = {};
  for (const r of room.recordings) {
    const path = join(bag, 'data', r.file);
    const whole = await run('ffmpeg', ['-v', 'error', '-i', path, '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'null', '-']);
    assert.equal(whole.code + whole.stderr, '0', `${r.file} decodes without a complaint`);
    const { times, streams, duration } = await packets(path);
    assert.ok(duration > 0 && duration < r.duration_ms / 1000 + 0.3, `${r.file}: duration ${duration} s in the file, ${r.duration_ms} ms listed`);
    await checkSeek(path, duration);
    for (const kind of ['video', 'audio']) {
      assert.ok(streams.some((s) => s.codec_type === kind), `${r.file} has ${kind}`);
      const sum = (sums[`${r.participant} ${kind}`] ??= 0);
      sums[`${r.participant} ${kind}`] = sum + covered(times[kind], r.gaps.filter((g) => g.track === kind))
        + r.gaps.filter((g) => g.track === kind).reduce((s, g) => s + (g.to_ms - g.from_ms) / 1000, 0);
    }
  }
  for (const gap of room.gaps) {
    for (const kind of gap.track ? [gap.track] : ['video', 'audio']) sums[`${gap.participant} ${kind}`] += (gap.to_ms - gap.from_ms) / 1000;
  }
  assert.deepEqual(Object.keys(sums).sort(), ['manager audio', 'manager video', 'seller audio', 'seller video']);
  for (const [track, sum] of Object.entries(sums)) {
    const of = room.recordings.filter((r) => track.startsWith(`${r.participant} `)).length;
    assert.ok(Math.abs(sum - call) <= 0.3 * of, `${track}: recordings and gaps, in ${of} files, make ${sum.toFixed(2)} s, the call took ${call.toFixed(2)} s`);
  }
}

/** Seconds from the first to the last frame that lie in no gap. */
function covered(times, gaps) {
  const first = Math.min(...times);
  const last = Math.max(...times);
  const inside = gaps.reduce((sum, g) => sum + Math.max(0, Math.min(last, g.to_ms / 1000) - Math.max(first, g.from_ms / 1000)), 0);
  return last - first - inside;
}

/** A frame near the end is found by seeking. */
async function checkSeek(path, duration) {
  const at = Math.max(0, duration - 2);
  const out = JSON.parse(await must('ffprobe', ['-v', 'error', '-read_intervals', `${at}%+#1`, '-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags', '-of', 'json', path]));
  assert.ok(out.packets.length > 0 && Number(out.packets[0].pts_time) > 0, `${path}: no frame found by seeking to ${at} s`);
}

/** The frame index has every still's frame, and the recording's bytes are those. */
export async function checkStills(bag) {
  const room = await facts(bag);
  for (const c of room.captures) {
    const index = (await readFile(join(bag, 'data/frames', `${c.recording}.jsonl`), 'utf8')).trim().split('\n').map((l) => JSON.parse(l));
    const frame = index.find((f) => f.track === 'video' && f.n === c.frame);
    assert.ok(frame?.key, `${c.slot}: frame ${c.frame} of ${c.recording} is a key frame of the index`);
    assert.equal(frame.sha256, c.frame_sha256, `${c.slot}: digest of its frame`);
  }
  return room.captures;
}
