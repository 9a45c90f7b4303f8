// The list of all pictures: node gallery.mjs FOLDER renews its README.md.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const columns = 4;

/** Chapters by how a picture's name begins; the rest has the last one. */
const screens = { seller: 'Seller', manager: 'Account manager', audit: 'Auditor', operator: 'Operator', '': 'For everybody' };
/** The same of states, which begin with the test that they come from. */
const states = {
  states: 'Loading, failed, empty', pages: 'Seller and account manager, by the keyboard', weak: 'Weak networks and old browsers', after: 'After the call', queue: 'Instant queue',
  code: 'Codes', laptop: 'A small laptop', audit: 'Auditor', operate: 'Operator', passkey: 'Passkeys', openid: 'Signing in', '': 'Others',
};

async function chapters(names, under, level) {
  const files = (await readdir(join(folder, under))).filter((name) => /\.(png|jpg)$/.test(name)).sort();
  const of = new Map();
  for (const file of files) {
    const start = Object.keys(names).find((each) => file.startsWith(`${each}-`)) ?? '';
    of.set(start, [...of.get(start) ?? [], file]);
  }
  return Object.entries(names).filter(([start]) => of.has(start)).map(([start, title]) => `${level} ${title}\n\n${table(of.get(start), start, under)}\n`);
}

function table(files, start, under) {
  const cells = files.map((file) => {
    const name = file.replace(/\.\w+$/, '').slice(start ? start.length + 1 : 0).replaceAll('-', ' ') || start;
    return `<td align="center" valign="top"><a href="${under}${file}"><img src="${under}${file}" width="220" alt="${name}"></a><br>${name}</td>`;
  });
  const rows = [];
  while (cells.length) rows.push(`<tr>\n${cells.splice(0, columns).join('\n')}\n</tr>`);
  return `<table>\n${rows.join('\n')}\n</table>`;
}

await writeFile(join(folder, 'README.md'), [
  '# Screens\n\nEvery screen, from a real run of the demo, and every state that the tests look at with axe. `make screenshots` renews them and this page.\n',
  ...await chapters(screens, '', '##'), '## States\n', ...await chapters(states, 'states/', '###'),
].join('\n'));
