import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { sampleFiles } from '../../../cli/demo/sample-files.ts';
import type { LoadMode, LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import type { Compiled } from '../../../runner/compile/compile.ts';
import { runNodes } from '../../../runner/run/run.ts';
import type { RunSummary } from '../../../runner/run/run-result.ts';
import { relation } from '../../../warehouse/quote.ts';
import type { Row, Warehouse } from '../../../warehouse/warehouse.ts';
import { compiledAt } from '../compiled-project.ts';
import type { DatabaseKind, TestDatabase } from '../databases.ts';
import { selectedBy } from '../selected.ts';
import { isNoUnitTest } from '../without-unit-tests.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const sampleDate = '12.10.2023';

export const apartments = [
  { id: 'jimmy', owner: 'JimmyLoup' },
  { id: 'jeremie', owner: 'JeremieVianin' },
];

export interface NamedFile {
  readonly name: string;
  readonly content: string;
}

/** The sample day's files of some minutes, moved to another date (`DD.MM.YYYY`). */
export function sampleMinutes(date: string, wanted: (minute: number) => boolean): NamedFile[] {
  sample ??= [...sampleFiles()].map(({ name, content }) => ({ name, content: content.toString('utf8') }));
  return sample.flatMap(({ name, content }) => {
    const minute = Number(name.slice(11, 13)) * 60 + Number(name.slice(13, 15));
    if (!wanted(minute)) return [];
    return [{ name: name.replace(sampleDate, date), content: content.replaceAll(sampleDate, date) }];
  });
}

/** Made when first asked for: it takes longer than most tests. */
let sample: readonly NamedFile[] | undefined;

/** The project's own models with a share and a Bronze folder of their own, on a given database. */
export class Household {
  readonly folder = mkdtempSync(join(tmpdir(), 'datacycle-household-'));
  readonly share = join(this.folder, 'share');
  readonly bronze = join(this.folder, 'bronze');
  readonly project = join(this.folder, 'project');
  readonly #warehouse: Warehouse;
  readonly #part: readonly string[];
  /** By the environment. */
  readonly #compiled = new Map<string, { readonly readFrom: string; readonly compiled: Compiled }>();

  /** @param part what it builds where a test does not say it, as `--select` has it, and the tests of that alone; all if not given. */
  constructor(warehouse: Warehouse, part: readonly string[] = []) {
    this.#warehouse = warehouse;
    this.#part = part;
    for (const folder of [this.share, this.project]) mkdirSync(folder, { recursive: true });
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests/data']) {
      cpSync(join(repository, name), join(this.project, name), { recursive: true, filter: isNoUnitTest });
    }
  }

  put(files: readonly NamedFile[]): void {
    for (const file of files) writeFileSync(join(this.share, file.name), file.content);
  }

  load(mode: LoadMode = 'full', batchFiles = 5000): Promise<LoadSummary> {
    const source = { share: this.share, bronzeRoot: this.bronze, apartments };
    return loadSensors(this.#warehouse, source, { mode, batchFiles, clock: () => new Date('2023-11-01T00:00:00Z') });
  }

  /** Runs nodes of its part, or of a selection; any that fails is an error. */
  async build(
    options: {
      /** False leaves out the tests of data, where something else is asserted than that they pass; audits are run in any case. */
      dataTests?: boolean;
      fullRefresh?: boolean;
      reuse?: boolean;
      command?: 'build' | 'run' | 'seed' | 'test';
      now?: Date;
      env?: Record<string, string>;
      select?: string[];
    } = {},
  ): Promise<RunSummary> {
    const compiled = this.compile(options.env);
    const selected =
      options.select === undefined ? this.#ownPart(compiled) : selectedBy(compiled, { select: options.select });
    const isWanted = (id: string) => options.dataTests !== false || compiled.manifest.nodes.get(id)?.kind !== 'test';
    const summary = await runNodes(compiled, this.#warehouse, {
      command: options.command ?? 'build',
      selected: new Set([...selected].filter(isWanted)),
      fullRefresh: options.fullRefresh ?? false,
      reuse: options.reuse ?? true,
      threads: 4,
      failFast: false,
      clock: () => options.now ?? new Date('2023-11-01T00:00:00Z'),
      runId: randomUUID(),
      onEvent: () => undefined,
    });
    const bad = summary.results.filter((result) => !['success', 'pass', 'warn', 'skipped'].includes(result.status));
    if (bad.length > 0)
      throw new Error(
        bad
          .map(
            (result) =>
              `${result.node.name}: ${result.message} ${String((result.error as { where?: string } | undefined)?.where)}`,
          )
          .join('\n'),
      );
    return summary;
  }

  #ownPart(compiled: Compiled): ReadonlySet<string> {
    return selectedBy(compiled, { select: this.#part, indirect: this.#part.length === 0 ? 'eager' : 'cautious' });
  }

  /** Read anew only when a file of the project changed: a test builds it a dozen times. */
  compile(env: Record<string, string> = {}): Compiled {
    const files = readdirSync(this.project, { recursive: true, encoding: 'utf8' }).map((path) => {
      const { mtimeNs, ctimeNs, size } = statSync(join(this.project, path), { bigint: true });
      return [path, mtimeNs, ctimeNs, size].join(' ');
    });
    const [of, readFrom] = [JSON.stringify(env), files.sort().join('\n')];
    const before = this.#compiled.get(of);
    if (before?.readFrom === readFrom) return before.compiled;
    const compiled = compiledAt(this.project, env);
    this.#compiled.set(of, { readFrom, compiled });
    return compiled;
  }

  /** The rows of every table of its part as text, in an order that only depends on them; audit columns left out. */
  async contents(): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    const compiled = this.compile();
    const part = this.#ownPart(compiled);
    for (const node of compiled.manifest.nodes.values()) {
      if (!part.has(node.id)) continue;
      if (node.kind !== 'model' || (node.materialized !== 'table' && node.materialized !== 'incremental')) continue;
      const audit = [...(node.config.audit_columns ?? []), 'load_id'];
      const { rows } = await this.#warehouse.query<{ row: string }>(
        `select (to_jsonb(t) - $1::text[])::text as row from ${relation(node.relation)} as t order by 1`,
        [audit],
      );
      found.set(
        node.name,
        rows.map((row) => row.row),
      );
    }
    return found;
  }

  async rows<R extends Row>(sql: string): Promise<readonly R[]> {
    return (await this.#warehouse.query<R>(sql)).rows;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * A household on a database of its own, opened before the tests of a `describe` and gone after them.
 * @param part as the constructor has it.
 */
export function householdOn(
  kind: DatabaseKind,
  part: readonly string[] = [],
): { readonly home: Household; readonly database: TestDatabase } {
  let opened: { readonly home: Household; readonly database: TestDatabase } | undefined;
  const there = () => {
    if (opened === undefined) throw new Error('the household is made before the first test, not earlier');
    return opened;
  };
  beforeAll(async () => {
    const database = await kind.open();
    opened = { database, home: new Household(database.warehouse, part) };
  });
  afterAll(async () => {
    opened?.home.dispose();
    await opened?.database.drop();
  });
  return {
    get home() {
      return there().home;
    },
    get database() {
      return there().database;
    },
  };
}
