import { cpSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { runHere } from '../cli/in-process.ts';
import { smallProject } from '../cli/small-files.ts';
import { eventually } from '../cli/watch/watch-process.ts';
import { servers, type TestDatabase } from '../databases.ts';
import { SensorShare } from '../loaders/sensor-share.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { CommandProcess } from './command-process.ts';
import { type KilledKind, repeated } from './killed-kind.ts';

// Read once: a command in this process has an environment of its own.
const { TEST_EMBEDDED_TEMPLATE: template = '' } = process.env;

/** A small project with a share, on a server or on the embedded database. */
abstract class OnShare implements KilledKind {
  protected readonly project = new TemporaryProject(smallProject);
  protected round = 0;
  protected readonly names: string[] = [];

  protected readonly share: SensorShare;
  protected database: TestDatabase | undefined;

  protected constructor(share: SensorShare, database: TestDatabase | undefined) {
    this.share = share;
    this.database = database;
  }

  protected abstract args(): readonly string[];

  async prepare(round: number): Promise<void> {
    this.round = round;
    this.names.push(...(await this.share.add(...Array.from({ length: 50 }, (_, minute) => 10 + round * 50 + minute))));
  }

  start(): CommandProcess {
    return new CommandProcess(this.args(), this.project.root, this.env);
  }

  async done(command: CommandProcess): Promise<void> {
    await command.ended;
    expect(command.code, command.output).toBe(0);
  }

  repeat(): Promise<void> {
    return this.run(this.args());
  }

  async expectWhole(): Promise<void> {
    const names = [...this.names].sort();
    const landed = await this.rows<{ name: string }>('select name from staging.sensor_file order by name collate "C"');
    expect(landed.map(({ name }) => name)).toEqual(names);
    await this.expectBronze(names);
    const open = await this.rows(`select from staging.load where finished_at is null`);
    expect(open).toEqual([]);
  }

  /** Each of these files once, byte for byte, in Bronze and in the ledger, and no draft. */
  protected async expectBronze(names: readonly string[]): Promise<void> {
    const bronze = await this.share.bronze();
    const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1).replace(/\.gz$/, '');
    expect([...bronze.keys()].map(nameOf).sort()).toEqual([...names]);
    for (const [path, bytes] of bronze) {
      const plain = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
      expect(plain.equals(await readFile(this.share.path(nameOf(path)))), path).toBe(true);
    }
    const ledger = await this.rows<{ path: string }>(
      'select bronze_path as path from staging.file where bronze_path is not null',
    );
    expect(ledger.map(({ path }) => path).sort()).toEqual([...bronze.keys()].sort());
  }

  /** All that was ever landed is in the model, once. */
  protected async expectReadings(): Promise<void> {
    const [found] = await this.rows(
      'select count(*)::int as n, count(distinct name)::int as names, (select files from total)::int as files from readings',
    );
    const n = this.names.length;
    expect(found).toEqual({ n, names: n, files: n });
    const half = await this.rows(`select from datacycle.run where status = 'running'`);
    expect(half).toEqual([]);
  }

  protected get env(): Record<string, string> {
    const { share, bronzeRoot } = this.share.source;
    return {
      ...(this.database?.url === undefined ? {} : { DB_URL: this.database.url }),
      SMB_PATH: share,
      BRONZE_ROOT: bronzeRoot,
    };
  }

  protected async run(args: readonly string[]): Promise<void> {
    await repeated(() => runHere(args, this.project.root, this.env));
  }

  protected async rows<R extends Row>(sql: string): Promise<readonly R[]> {
    if (this.database === undefined) throw new Error('the database is not open');
    return (await this.database.warehouse.query<R>(sql)).rows;
  }

  async dispose(): Promise<void> {
    this.project.dispose();
    await this.share.remove();
    await this.database?.drop();
  }
}

export class Load extends OnShare {
  static async create(): Promise<KilledKind> {
    return new Load(await SensorShare.create(), await serverDatabase());
  }

  protected override args() {
    return ['load', 'sensors', '--full'];
  }
}

export class Housekeeping extends OnShare {
  static async create(): Promise<KilledKind> {
    return new Housekeeping(await SensorShare.create(), await serverDatabase());
  }

  /** In Bronze now. */
  #kept: string[] = [];

  override async prepare(round: number): Promise<void> {
    const before = this.names.length;
    await super.prepare(round);
    this.#kept.push(...this.names.slice(before));
    await this.run(['load', 'sensors', '--full']);
    await this.run(['run']);
  }

  #action() {
    return (['prune-staging', 'compress', 'prune'] as const)[this.round % 3] ?? 'prune';
  }

  protected override args() {
    return ['bronze', this.#action(), '--days', '1'];
  }

  override async expectWhole(): Promise<void> {
    const action = this.#action();
    if (action === 'prune') this.#kept = [];
    const kept = this.#kept.sort();
    await this.expectBronze(kept);
    if (action === 'compress') {
      expect([...(await this.share.bronze()).keys()].filter((path) => !path.endsWith('.gz'))).toEqual([]);
    } else if (action === 'prune-staging') {
      expect(await this.rows('select from staging.sensor_file')).toEqual([]);
      await this.run(['load', 'sensors', '--from-bronze']);
      const landed = await this.rows<{ name: string }>(
        'select name from staging.sensor_file order by name collate "C"',
      );
      expect(landed.map(({ name }) => name)).toEqual(kept);
    }
    // What is gone from Bronze is known all the same, so it is never landed again.
    const before = await this.rows('select count(*) as n from staging.sensor_file');
    await this.run(['load', 'sensors', '--full']);
    expect(await this.rows('select count(*) as n from staging.sensor_file')).toEqual(before);
    await this.run(['run']);
    await this.expectReadings();
  }
}

/** Builds and loads by turns, and every third time into a database that is not there yet. */
export class Embedded extends OnShare {
  static async create(): Promise<KilledKind> {
    return new Embedded(await SensorShare.create(), undefined);
  }

  readonly #folder = join(this.project.root, '.datacycle', 'db');

  override async prepare(round: number): Promise<void> {
    if (round === 0) cpSync(template, this.#folder, { recursive: true });
    // To be killed while it is made.
    else if (round % 3 === 0) this.project.remove('.datacycle');
    // What is built is what was loaded the last time.
    if (round % 3 === 1) this.round = round;
    else await super.prepare(round);
  }

  protected override args() {
    return this.round % 3 === 1 ? ['run'] : ['load', 'sensors', '--full'];
  }

  override async expectWhole(): Promise<void> {
    const opening = { url: undefined, folder: this.#folder, purpose: 'test', concurrency: 1 };
    const warehouse = await openWarehouse(opening);
    this.database = { warehouse, url: undefined, drop: () => warehouse.close() };
    try {
      await super.expectWhole();
      if (this.args()[0] === 'run') await this.expectReadings();
    } finally {
      this.database = undefined;
      await warehouse.close();
    }
  }
}

export class Watch extends OnShare {
  static async create(): Promise<KilledKind> {
    return new Watch(await SensorShare.create(), await serverDatabase());
  }

  protected override args() {
    return ['watch', '--log-format', 'json'];
  }

  protected override get env() {
    return { ...super.env, INTERVAL_SECS: '1', WATCH_PORT: '0' };
  }

  /** It never ends by itself. */
  override async done(command: CommandProcess): Promise<void> {
    const isBuilt = async () => {
      if (command.code !== null) throw new Error(command.output);
      const rows = await this.rows<{ n: number }>('select count(*)::int as n from readings').catch(() => []);
      const [made] = await this.rows<{ n: number }>('select files::int as n from total').catch(() => []);
      return (
        rows[0]?.n === this.names.length && made?.n === this.names.length && command.output.includes('watching sensors')
      );
    };
    await eventually(isBuilt, 'all files in the models', () => command.output);
    await command.stop();
    expect(command.code, command.output).toBe(0);
  }

  override async repeat(): Promise<void> {
    await this.done(this.start());
  }

  override async expectWhole(): Promise<void> {
    await super.expectWhole();
    // A run that was killed after its last model is closed when the next one begins.
    await this.run(['run']);
    await this.expectReadings();
  }
}

async function serverDatabase(): Promise<TestDatabase> {
  const [kind] = servers;
  if (kind === undefined) throw new Error('no server');
  return kind.open();
}
