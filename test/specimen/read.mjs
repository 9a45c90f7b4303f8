// Reads the machine-readable zone from a still of the specimen card, with tesseract.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byPosition } from './mrz.mjs';
import { must } from './tools.mjs';

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<';
// Where the zone lies in a 1280×720 picture of the film, whatever the hand does.
const ZONE = 'crop=1090:160:100:545';

/** Width and height of a picture as it decodes. */
export async function size(path) {
  const out = await must('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'frame=width,height', '-of', 'csv=p=0', path]);
  const [width, height] = out.trim().split(',').map(Number);
  return { width, height };
}

/**
 * Line 2 as read, letters and digits told apart by position; empty when no
 * line of 36 characters was found.
 */
export async function readLine2(path) {
  const folder = await mkdtemp(join(tmpdir(), 'zone-'));
  try {
    for (const turn of [0, 0.9, -0.9]) {
      const crop = join(folder, `zone${turn}.png`);
      await must('ffmpeg', ['-v', 'error', '-y', '-i', path, '-vf',
        `${ZONE},format=gray,rotate=${turn}*PI/180:fillcolor=white,scale=iw*2:-1:flags=lanczos`, '-frames:v', '1', crop]);
      const text = await must('tesseract', [crop, '-', '--psm', '6', '-c', `tessedit_char_whitelist=${CHARACTERS}`, '-c', 'load_system_dawg=0', '-c', 'load_freq_dawg=0'],
        { env: { ...process.env, OMP_THREAD_LIMIT: '1' } });
      const lines = text.split('\n').map((l) => l.replaceAll(' ', '')).filter((l) => l.length === 36 && !l.includes('ERIKS'));
      if (lines.length > 0) return byPosition(lines.at(-1));
    }
    return '';
  } finally {
    await rm(folder, { recursive: true });
  }
}
