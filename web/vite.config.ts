import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { localeFaults } from './locales.ts';

/** One page for each persona, so that a seller's phone never loads a console. */
const pages = ['seller', 'signin', 'account', 'index', 'manager', 'audit', 'operate', 'design'];

/** The build stops when a language lacks a text. */
const completeLanguages: Plugin = {
  name: 'complete-languages',
  buildStart() {
    const faults = localeFaults('src/locales');
    if (faults.length > 0) this.error(`texts are missing or wrong:\n  ${faults.join('\n  ')}`);
  },
};

const sellerLimit = 60_000; // bytes of gzip: a phone on a slow network loads this before it shows anything

/** The build stops when the seller's page, with all that it loads at once, is too heavy. */
const lightSeller: Plugin = {
  name: 'light-seller',
  generateBundle(_, bundle) {
    const size = (name: string, seen: Set<string>): number => {
      const chunk = bundle[name];
      if (seen.has(name) || chunk?.type !== 'chunk') return 0;
      seen.add(name);
      return gzipSync(chunk.code).length + chunk.imports.reduce((sum, next) => sum + size(next, seen), 0);
    };
    const entry = Object.values(bundle).find((chunk) => chunk.type === 'chunk' && chunk.isEntry && chunk.name === 'seller');
    const bytes = entry ? size(entry.fileName, new Set()) : 0;
    this.info(`the seller's page loads ${(bytes / 1000).toFixed(1)} kB of JavaScript (gzip), at most ${sellerLimit / 1000}`);
    if (bytes > sellerLimit) this.error(`the seller's page loads ${bytes} bytes of JavaScript (gzip), more than ${sellerLimit}`);
  },
};

/** The seller's page is built by itself, so that it is one file and not thirty: each costs a slow network a request. */
export default defineConfig(({ mode }) => ({
  base: '/',
  plugins: [completeLanguages, ...(mode === 'seller' ? [lightSeller] : [])],
  appType: 'mpa',
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: mode !== 'seller',
    target: 'es2022',
    assetsInlineLimit: 0, // the pages' policy has no data: for fonts and scripts
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: true,
    rolldownOptions: {
      input: Object.fromEntries(
        pages.filter((page) => existsSync(`${page}.html`) && (page === 'seller') === (mode === 'seller')).map((page) => [page, `${page}.html`]),
      ),
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
}));
