import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What a process of its own does: it makes an empty database and leaves a dump of it, whole or not at all. It takes three times the
 * memory of the database that it makes, and all of that ends with it.
 */
const program = `
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
const [module, path] = process.argv.slice(1);
const fresh = path + '.' + process.pid;
mkdirSync(dirname(path), { recursive: true });
// Where nothing can be written, no database is made in vain.
writeFileSync(fresh, '');
try {
  const { PGlite } = await import(module);
  const database = await PGlite.create('memory://');
  const dump = await database.dumpDataDir('none');
  writeFileSync(fresh, Buffer.from(await dump.arrayBuffer()));
  renameSync(fresh, path);
  await database.close();
} finally {
  rmSync(fresh, { force: true });
}
`;

/** An empty database as a dump, beside the module that it is of, so that it is gone with it. */
export class EmbeddedStart {
  readonly #module: string;
  readonly #path: string;

  /** @param folder for the dump; node_modules/.cache if not given. */
  constructor(folder?: string) {
    this.#module = createRequire(import.meta.url).resolve('@electric-sql/pglite');
    const name = join('@electric-sql', 'pglite');
    const modules = this.#module.slice(0, this.#module.lastIndexOf(`${sep}${name}${sep}`));
    const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string };
    this.#path = join(folder ?? join(modules, '.cache', 'datacycle'), `embedded-${version}.tar`);
  }

  /** The dump, made where it is not there; undefined where it can be neither read nor made, and a database begins without it. */
  async dump(): Promise<Blob | undefined> {
    return (await this.#read()) ?? ((await this.#make()) ? this.#read() : undefined);
  }

  /** Removes a dump of which no database can begin. */
  discard(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The next one begins without it, too.
    }
  }

  async #read(): Promise<Blob | undefined> {
    try {
      // Read whole: a blob that is of a file leaves its descriptor to the garbage collector, which warns.
      return new Blob([await readFile(this.#path)]);
    } catch {
      return undefined;
    }
  }

  #make(): Promise<boolean> {
    const args = ['--input-type=module', '--eval', program, pathToFileURL(this.#module).href, this.#path];
    const child = spawn(process.execPath, args, { stdio: 'ignore', windowsHide: true });
    return new Promise((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', (code) => resolve(code === 0));
    });
  }
}
