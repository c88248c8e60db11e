import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../bin/setup.mjs';

/** Bundles a program of the tests as the product itself is; returns its path, inside the project, so that the dependencies are found. */
export async function bundled(entry: URL): Promise<string> {
  const source = fileURLToPath(entry);
  const outfile = fileURLToPath(new URL(`../../target/${basename(source, '.ts')}-${process.pid}.mjs`, import.meta.url));
  await bundle(source, outfile);
  process.once('exit', () => rmSync(outfile, { force: true }));
  return outfile;
}
