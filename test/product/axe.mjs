// axe-core (WCAG 2.0 to 2.2, A and AA) in a page of a browser test.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { ROOT } from '../specimen/film.mjs';

const source = await readFile(createRequire(join(ROOT, 'web/package.json')).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * The page as it stands has nothing that axe complains about. With VERIFYCALL_STATES,
 * a folder, a picture of it is kept there, of two themes the light one.
 */
export async function clean(page, name) {
  await page.evaluate(source);
  const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ['violations'] }), rules);
  const said = violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${impact} ${id} at ${node.target.join(' ')}: ${node.failureSummary}`));
  assert.deepEqual(said, [], name);
  if (!process.env.VERIFYCALL_STATES || /, dark$/.test(name)) return;
  const file = `${basename(process.argv[1], '.test.mjs')} ${name.replace(/, light$/, '')}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  await page.screenshot({ path: join(process.env.VERIFYCALL_STATES, `${file}.jpg`), type: 'jpeg', quality: 80 });
}
