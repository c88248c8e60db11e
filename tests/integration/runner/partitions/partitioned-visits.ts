import type { Row, Warehouse } from '../../../../warehouse/warehouse.ts';
import { rowsOf, TemporaryProject } from '../../temporary-project.ts';

/** A visit as it arrives; a later one with the same id and time corrects it. */
export interface Visit {
  readonly id: number;
  readonly at: string | null;
  readonly value: number;
}

/** A project with one model, `shown.visits`, that may be partitioned by its column `at`. */
export class PartitionedVisits {
  readonly project: TemporaryProject;
  readonly #warehouse: Warehouse;
  #load = 0;

  private constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
    this.project = new TemporaryProject({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: visits }] }]',
    });
  }

  /** @param config of the model, beside its schema. */
  static async make(warehouse: Warehouse, config: string, type = 'timestamptz'): Promise<PartitionedVisits> {
    const visits = new PartitionedVisits(warehouse);
    visits.configure(config);
    await rowsOf(warehouse, 'create schema raw');
    await rowsOf(warehouse, 'create schema shown');
    await rowsOf(warehouse, `create table raw.visits (load_id bigint, id int, at ${type}, value int, home int)`);
    return visits;
  }

  configure(config: string, more = ''): void {
    const increment = '{{#incremental}}where load_id > {{high_water "raw.visits"}}{{/incremental}}\n';
    this.project.write({
      'models/visits.sql': `select distinct on (id, at) id, at, value, home, load_id
from {{source "raw" "visits"}}
${config.includes('incremental') ? increment : ''}order by id, at, load_id desc
`,
      'models/visits.yml': `models:
  - name: visits
    config: { schema: shown, audit_columns: load_id, ${config} }
${more}`,
    });
  }

  async load(visits: readonly Visit[]): Promise<void> {
    this.#load += 1;
    for (const { id, at, value } of visits)
      await this.#warehouse.query('insert into raw.visits values ($1, $2, $3, $4, $5)', [
        this.#load,
        id,
        at,
        value,
        1 + (id % 2),
      ]);
  }

  rows(sql: string): Promise<readonly Row[]> {
    return rowsOf(this.#warehouse, sql);
  }

  /** Names of the partitions, each with its bounds as UTC. */
  async partitions(): Promise<readonly string[]> {
    const found = await this.rows(
      `select c.relname || ' ' || substr(pg_get_expr(c.relpartbound, c.oid), 17) as partition
       from pg_inherits as i
       join pg_class as c on c.oid = i.inhrelid
       where i.inhparent = 'shown.visits'::regclass
       order by 1`,
    );
    return found.map(({ partition }) => String(partition));
  }

  async dispose(): Promise<void> {
    this.project.dispose();
    for (const schema of ['raw', 'shown', 'datacycle', 'byhand'])
      await this.rows(`drop schema if exists ${schema} cascade`);
  }
}
