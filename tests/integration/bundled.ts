import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bundles a program of the tests for Node; returns its path, inside the project, so that the dependencies are found. */
export async function bundled(entry: URL): Promise<string> {
  const source = fileURLToPath(entry);
  const outfile = fileURLToPath(new URL(`../../target/${basename(source, '.ts')}-${process.pid}.mjs`, import.meta.url));
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  process.once('exit', () => rmSync(outfile, { force: true }));
  return outfile;
}
