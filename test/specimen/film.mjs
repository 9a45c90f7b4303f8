// The films that the browsers' fake cameras play (y4m, 15 fps), made once into
// a cache folder: the specimen card held in a hand, and the manager's face.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM, must } from './tools.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const CACHE = process.env.VERIFYCALL_FILMS ?? join(ROOT, '.cache/films');
const CARD_FRONT = join(ROOT, 'cmd/verifycall/demo/id-front.jpg');
const CARD_BACK = join(ROOT, 'cmd/verifycall/demo/id-back.jpg');
const FACE = join(ROOT, 'testdata/manager-face.mp4');
const SECONDS = 6; // every motion below has a period that divides it, so the loop has no seam

/** Film of the card's front in a shaking hand; height is 720 or 360. */
export const cardFilm = (height = 720) => film(`card-${height}`, height, CARD_FRONT, shaken);

/** Film of the card's back in the same hand. */
export const backFilm = (height = 720) => film(`back-${height}`, height, CARD_BACK, shaken);

/** Film of the manager's moving face. */
export const faceFilm = (height = 360) => film(`face-${height}`, height, FACE, moving);

async function film(name, height, source, make) {
  const self = await readFile(fileURLToPath(import.meta.url));
  const key = createHash('sha256').update(self).update(await readFile(source)).digest('hex').slice(0, 12);
  const path = join(CACHE, `${name}-${key}.y4m`);
  if (existsSync(path) && (await stat(path)).size > 0) return path;
  await mkdir(CACHE, { recursive: true });
  const part = join(CACHE, `${process.pid}-${name}.y4m`);
  await make(source, height, part);
  await rename(part, path);
  return path;
}

async function shaken(card, height, out) {
  const still = out.replace(/y4m$/, 'png');
  await scene(card, still);
  const turn = '0.010*sin(2*PI*t/3)+0.006*sin(2*PI*t/1.2)'; // radians
  const x = '60+9*sin(2*PI*t/2)+3*sin(2*PI*t/0.6)'; // pixels of the 1400×800 scene
  const y = '40+7*sin(2*PI*t/1.5)+3*cos(2*PI*t/0.75)';
  await must('ffmpeg', ['-v', 'error', '-y', '-loop', '1', '-framerate', '15', '-i', still, '-t', String(SECONDS), '-vf',
    `rotate='${turn}':bilinear=1,crop=1280:720:'${x}':'${y}',noise=alls=7:allf=t,scale=-2:${height},format=yuv420p`, out]);
  await rm(still);
}

async function moving(clip, height, out) {
  await must('ffmpeg', ['-v', 'error', '-y', '-i', clip, '-t', '15', '-an', '-vf', `fps=15,scale=-2:${height},format=yuv420p`, out]);
}

// The card in a room out of focus, with the fingers that hold it.
async function scene(card, out) {
  const picture = (await readFile(card)).toString('base64');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
  await page.setContent(`<!doctype html><style>
    body { margin: 0; width: 1400px; height: 800px; overflow: hidden; background: linear-gradient(180deg, #9d948a, #8a8178 55%, #6c645d) }
    i { position: absolute; filter: blur(38px) }
    img { position: absolute; left: 150px; top: 66px; width: 1060px; border-radius: 34px; box-shadow: 0 24px 60px #0009;
      transform: perspective(2600px) rotateY(2deg) rotateX(1.5deg) }
    b { position: absolute; background: linear-gradient(160deg, #e2b593, #b98462) }
  </style>
  <i style="left:-60px;top:-40px;width:330px;height:520px;background:#f0e7d6"></i>
  <i style="left:1120px;top:60px;width:180px;height:160px;background:#58784c"></i>
  <i style="left:900px;top:-30px;width:140px;height:220px;background:#6b4f3f"></i>
  <b style="left:1190px;top:560px;width:330px;height:340px;border-radius:120px 60px 0 0"></b>
  <img src="data:image/jpeg;base64,${picture}">
  <b style="left:1152px;top:470px;width:270px;height:104px;border-radius:60px 20px 20px 60px;transform:rotate(19deg);box-shadow:-6px 8px 18px #0005"></b>`);
  await page.screenshot({ path: out });
  await browser.close();
}
