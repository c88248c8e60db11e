import type { EventTimeRange } from '../../../../runner/state/batch-windows.ts';
import { verifiedByDefault, verifyModels } from '../../../../runner/verify/verify.ts';
import type { TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf, TemporaryProject } from '../../temporary-project.ts';

/** A model made in batches; `settings` besides its strategy. */
export const inBatches = (settings: string) =>
  `{{config materialized="incremental" incremental_strategy="microbatch" ${settings}}}\n`;

type RunOptions = Parameters<TemporaryProject['run']>[1];

/** A project around `raw.events (load_id, id, at, value)` in an emptied database, and what its runs say. */
export class BatchProject {
  readonly #database: TestDatabase;
  readonly project: TemporaryProject;

  private constructor(database: TestDatabase, project: TemporaryProject) {
    this.#database = database;
    this.project = project;
  }

  static async begin(database: TestDatabase, files: Readonly<Record<string, string>>): Promise<BatchProject> {
    for (const schema of ['raw', 'datacycle', 'public'])
      await database.warehouse.query(`drop schema if exists ${schema} cascade`);
    for (const schema of ['raw', 'public']) await database.warehouse.query(`create schema ${schema}`);
    await database.warehouse.query('create table raw.events (load_id bigint, id text, at timestamptz, value int)');
    const sources = 'sources: [{ name: raw, tables: [{ name: events, event_time: at }] }]';
    return new BatchProject(database, new TemporaryProject({ 'models/sources.yml': sources, ...files }));
  }

  query(sql: string) {
    return rowsOf(this.#database.warehouse, sql);
  }

  /** @param rows values of id, at and value. */
  land(rows: string, load = 1) {
    return this.query(`insert into raw.events select ${load}, v.id, v.at::timestamptz, v.value
      from (values ${rows}) as v (id, at, value)`);
  }

  run(day: string, options: RunOptions = {}) {
    return this.project.run(this.#database.warehouse, { now: new Date(`${day}T12:00:00Z`), ...options });
  }

  /** What a run says of each model, by name. */
  async outcomes(day: string, options: RunOptions = {}): Promise<Record<string, string>> {
    const { results } = await this.run(day, options);
    return Object.fromEntries(
      results.map(({ node, status, message, inserted, updated, deleted }) => [
        node.name,
        `${status}: ${message} +${inserted} ~${updated} -${deleted}`,
      ]),
    );
  }

  async errorOf(model: string, day: string, options: RunOptions = {}) {
    return resultOf(await this.run(day, options), model).error;
  }

  async verify(): Promise<string[]> {
    const compiled = this.project.compile();
    const results = await verifyModels(compiled, this.#database.warehouse, {
      selected: verifiedByDefault(compiled.manifest),
      limit: 5,
      clock: () => new Date(),
      onVerified: () => undefined,
    });
    return results.map(({ node, verdict }) => {
      const reason = 'reason' in verdict ? `: ${verdict.reason}` : '';
      return `${node.name} ${verdict.status}${'error' in verdict ? `: ${verdict.error.message}` : reason}`;
    });
  }

  dispose(): void {
    this.project.dispose();
  }
}

export const backfill = (start: string, end?: string): { range: EventTimeRange } => ({ range: { start, end } });
