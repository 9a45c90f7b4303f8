import { existsSync } from 'node:fs';
import { defineConfig } from 'vite';

/** One page for each persona, so that a seller's phone never loads a console. */
const pages = ['seller', 'signin', 'index', 'manager', 'audit'];

export default defineConfig({
  base: '/',
  appType: 'mpa',
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2022',
    assetsInlineLimit: 0, // the pages' policy has no data: for fonts and scripts
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: true,
    rolldownOptions: {
      input: Object.fromEntries(
        pages.filter((page) => existsSync(`${page}.html`)).map((page) => [page, `${page}.html`]),
      ),
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
});
