import { join } from 'node:path';
import { expect } from 'vitest';
import { readManifest } from '../../../exporting/manifest.ts';
import { runHere } from '../cli/in-process.ts';
import { servers, type TestDatabase } from '../databases.ts';
import { checkedManifest, filesBelow } from '../exports/export-place.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { CommandProcess } from './command-process.ts';
import { type KilledKind, repeated } from './killed-kind.ts';

const parts = 40;
const rowsOfPart = 600;

/** An export of many files into a folder. In each round all rows of all of them are others. */
export class Export implements KilledKind {
  static async create(): Promise<KilledKind> {
    const [kind] = servers;
    if (kind === undefined) throw new Error('no server');
    return new Export(await kind.open());
  }

  readonly #project = new TemporaryProject({
    'project.yml': `name: killed
exports:
  daily: { query: "select id, part, round from raw.reading order by id", to: { folder: out }, partition_by: part }
`,
  });
  readonly #database: TestDatabase;
  #round = 0;

  private constructor(database: TestDatabase) {
    this.#database = database;
  }

  async prepare(round: number): Promise<void> {
    this.#round = round;
    const { warehouse } = this.#database;
    await warehouse.query('create schema if not exists raw');
    await warehouse.query('drop table if exists raw.reading');
    await warehouse.query(
      `create table raw.reading as select n as id, n % ${parts} as part, ${round} as round from generate_series(1, ${parts * rowsOfPart}) as n`,
    );
  }

  start(): CommandProcess {
    return new CommandProcess(['export'], this.#project.root, this.#env);
  }

  async done(command: CommandProcess): Promise<void> {
    await command.ended;
    expect(command.code, command.output).toBe(0);
  }

  /** What is there after a kill, before anything mends it: whole files, and the manifest of the last export or of this one. */
  #expectNoHalves(): void {
    const files = this.#files();
    const manifest = readManifest(String(files.get('manifest.json')));
    expect(manifest?.files.map(({ rows }) => rows)).toEqual(Array(parts).fill(rowsOfPart));
    const rounds = new Set<string>();
    for (const [path, bytes] of files) {
      if (!path.endsWith('.csv')) continue;
      const [head, ...lines] = String(bytes).trimEnd().split('\n');
      expect([head, lines.length], path).toEqual(['id,round', rowsOfPart]);
      const found = new Set(lines.map((line) => line.replace(/^\d+,/, '')));
      expect(found.size, path).toBe(1);
      for (const one of found) rounds.add(one);
    }
    for (const one of rounds) expect([this.#round - 1, this.#round].map(String)).toContain(one);
    // Once the manifest is of this round, so is every file.
    const mixed = rounds.size > 1;
    const isChecked = manifest?.files.every(({ path, bytes }) => files.get(path)?.length === bytes);
    if (!mixed && isChecked) checkedManifest(files);
  }

  async repeat(): Promise<void> {
    this.#expectNoHalves();
    await repeated(() => runHere(['export'], this.#project.root, this.#env));
  }

  async expectWhole(): Promise<void> {
    const files = filesBelow(join(this.#project.root, 'out'));
    expect(checkedManifest(files)).toMatchObject({ rows: parts * rowsOfPart });
    for (const [path, bytes] of files)
      if (path.endsWith('.csv')) expect(String(bytes), path).toMatch(new RegExp(`,${this.#round}\n$`));
    const half = [...filesBelow(join(this.#project.root, '.datacycle', 'exports')).keys()];
    expect(half).toEqual([]);
  }

  async dispose(): Promise<void> {
    this.#project.dispose();
    await this.#database.drop();
  }

  /** What readers see: drafts have a folder of their own. */
  #files(): ReadonlyMap<string, Buffer> {
    const all = [...filesBelow(join(this.#project.root, 'out'))];
    return new Map(all.filter(([path]) => !path.startsWith('.datacycle-staging/')));
  }

  get #env(): Record<string, string> {
    return { DB_URL: this.#database.url ?? '' };
  }
}
