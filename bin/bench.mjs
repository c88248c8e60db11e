// Bundles the benchmark and the program it compares with, and runs it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, prepare, root } from './setup.mjs';

await prepare();
const outfile = join(root, 'dist', 'bench.mjs');
await bundle('bench/main.ts', outfile);
await bundle('bench/floor-load.ts', join(root, 'dist', 'bench-floor-load.mjs'));
await import(pathToFileURL(outfile).href);
