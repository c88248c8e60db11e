// Bundles a benchmark and runs it: the main job (`npm run bench -- --scale tenth`), or the one that is named (`npm run bench -- watch`).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, prepare, root } from './setup.mjs';

await prepare();
// File reads over a network share wait rather than compute, as for the program itself.
process.env.UV_THREADPOOL_SIZE ??= '20';
const [first = '--'] = process.argv.slice(2);
const name = first.startsWith('-') ? 'main' : first;
if (!/^[a-z-]+$/.test(name) || !existsSync(join(root, 'bench', `${name}.ts`))) {
  process.stderr.write(`There is no benchmark "${name}": bench/${name}.ts does not exist.\n`);
  process.exit(2);
}
const outfile = join(root, 'dist', name === 'main' ? 'bench.mjs' : `bench-${name}.mjs`);
await bundle(`bench/${name}.ts`, outfile);
if (name === 'main') await bundle('bench/floor.ts', join(root, 'dist', 'bench-floor.mjs'));
await import(pathToFileURL(outfile).href);
