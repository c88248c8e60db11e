import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openWarehouse } from '../warehouse/open.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { type Measured, runNode } from './measure.ts';
import type { Share } from './share.ts';

const root = resolve('.');
const program = join(root, 'bin', 'datacycle.mjs');
const floorProgram = join(root, 'dist', 'bench-floor.mjs');

/** The schemas of the project, and the floor's. */
const schemas = ['staging', 'silver', 'gold', 'bi', 'access', 'seeds', 'datacycle', 'floor'];

/** A copy of the project beside a database of its own, which commands and their floors work on. */
export class Installation {
  readonly project: string;
  readonly kind: 'postgres' | 'pglite';
  readonly home: string;
  readonly url: string | undefined;
  readonly share: Share;
  /** A folder of its own after each reset: some file systems create files slowly for a while after a large removal. */
  #bronze = 0;

  /** @param url of a PostgreSQL whose schemas of these names are dropped; undefined for embedded databases in `home`. */
  constructor(home: string, url: string | undefined, share: Share) {
    this.home = home;
    this.url = url;
    this.share = share;
    this.kind = url === undefined ? 'pglite' : 'postgres';
    this.project = join(home, 'project');
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests/data'])
      cpSync(join(root, name), join(this.project, name), { recursive: true });
  }

  /** An empty database, and no Bronze. */
  async reset(): Promise<void> {
    this.#bronze += 1;
    if (this.url === undefined) {
      for (const folder of [this.#embedded, this.#embeddedFloor]) rmSync(folder, { recursive: true, force: true });
      return;
    }
    await this.query(async (on) => {
      for (const schema of schemas) await on.query(`drop schema if exists ${schema} cascade`);
    });
  }

  /** Runs a command of the program as its users do. @throws Error with its output if it fails. */
  run(...args: string[]): Promise<Measured> {
    const place = args[0]?.startsWith('--') === true ? [] : ['--project-dir', this.project];
    return runNode([program, ...args, ...place], {
      DB_URL: this.url ?? '',
      SMB_PATH: this.share.folder,
      BRONZE_ROOT: join(this.home, `bronze-${this.#bronze}`),
      SFTP_HOST: '',
      MYSQL_URL: '',
      BI_PSEUDONYMISE: 'false',
      UV_THREADPOOL_SIZE: '20',
    });
  }

  /** As {@link run}, with nothing kept of commands before. */
  runCold(...args: string[]): Promise<Measured> {
    rmSync(join(this.project, 'target'), { recursive: true, force: true });
    return this.run(...args);
  }

  /** The floor's process for a task of bench/floor.ts. */
  floor(task: 'list' | 'ask' | 'build' | 'increment'): Promise<Measured> {
    return this.#floor(task, task === 'list' ? this.share.folder : this.#floorPlace);
  }

  /** The floor's load: all files of the share, or the named ones. */
  floorLoad(names?: readonly string[]): Promise<Measured> {
    const bronze = join(this.home, `bronze-floor-${this.#bronze}`);
    if (names === undefined) return this.#floor('load', this.#floorPlace, this.share.folder, bronze);
    const list = join(this.home, 'names');
    writeFileSync(list, names.join('\n'));
    return this.#floor('load', this.#floorPlace, this.share.folder, bronze, list);
  }

  /** Asks the database of this, or the floor's where it has one of its own. */
  async query<T>(work: (on: Warehouse) => Promise<T>, of: 'datacycle' | 'floor' = 'datacycle'): Promise<T> {
    const folder = of === 'floor' ? this.#embeddedFloor : this.#embedded;
    const on = await openWarehouse({ url: this.url, folder, purpose: 'bench', concurrency: 1 });
    try {
      return await work(on);
    } finally {
      await on.close();
    }
  }

  get #embedded(): string {
    return join(this.project, '.datacycle', 'db');
  }

  get #embeddedFloor(): string {
    return join(this.home, 'floor-db');
  }

  get #floorPlace(): string {
    return this.url ?? this.#embeddedFloor;
  }

  #floor(...args: string[]): Promise<Measured> {
    mkdirSync(this.home, { recursive: true });
    return runNode([floorProgram, ...args], { UV_THREADPOOL_SIZE: '20' });
  }
}

/** How long Node takes to start and end. */
export function nodeStart(): Promise<Measured> {
  return runNode(['--eval', '0'], {});
}
