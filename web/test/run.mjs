// Runs test/*.test.mjs in Node: Vite compiles each with what it imports of src,
// as it compiles the pages, and Node's own runner runs the results.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../node_modules/.cache/test');
const names = readdirSync(here).filter((name) => name.endsWith('.test.mjs'));

rmSync(out, { recursive: true, force: true });
await build({
  root: join(here, '..'),
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  build: {
    ssr: true,
    outDir: out,
    target: 'node20',
    sourcemap: 'inline',
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(names.map((name) => [name.slice(0, -'.mjs'.length), join(here, name)])),
      output: { entryFileNames: '[name].mjs' },
    },
  },
});
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', ...names.map((name) => join(out, name))], { stdio: 'inherit' });
process.exit(status ?? 1);
