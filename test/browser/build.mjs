// Bundles the pages with the wrappers that they use, as their users do.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const pages = readdirSync(here('pages')).filter((name) => name !== 'page.js');

await build({
  entryPoints: pages.map((name) => here(`pages/${name}`)),
  outdir: here('build'), bundle: true, format: 'iife', target: 'es2022', jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  logLevel: 'warning',
});
