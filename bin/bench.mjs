// Bundles a benchmark and runs it: the main job, or the one that is named, e.g. `npm run bench -- watch`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, prepare, root } from './setup.mjs';

await prepare();
// File reads over a network share wait rather than compute, as for the program itself.
process.env.UV_THREADPOOL_SIZE ??= '16';
const [name = 'main'] = process.argv.slice(2);
if (!/^[a-z-]+$/.test(name) || !existsSync(join(root, 'bench', `${name}.ts`))) {
  process.stderr.write(`There is no benchmark "${name}": bench/${name}.ts does not exist.\n`);
  process.exit(2);
}
const outfile = join(root, 'dist', name === 'main' ? 'bench.mjs' : `bench-${name}.mjs`);
await bundle(`bench/${name}.ts`, outfile);
if (name === 'main') await bundle('bench/floor-load.ts', join(root, 'dist', 'bench-floor-load.mjs'));
await import(pathToFileURL(outfile).href);
