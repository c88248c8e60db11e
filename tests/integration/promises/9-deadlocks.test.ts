import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';
import { createSource } from './kinds-project.ts';

const server = databases.find(({ name }) => name === 'PostgreSQL');
const builds = rounds({ gate: 12, long: 100 });
const newLoads = '{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}';

describe.runIf(server)('deadlocks', () => {
  let database: TestDatabase;
  let project: TemporaryProject;
  beforeEach(async () => {
    if (server === undefined) return;
    database = await server.open();
    await createSource(database.warehouse);
    project = new TemporaryProject({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
    });
  });
  afterEach(async () => {
    project.dispose();
    await database.drop();
  });

  it(`17 facts that point at three dimensions are built side by side ${builds} times, whole and in part, without one`, async () => {
    for (const [index, dimension] of ['dim_a', 'dim_b', 'dim_c'].entries())
      project.write({
        [`models/${dimension}.sql`]: `{{config materialized="incremental" unique_key="n" surrogate_key="${dimension}_key"}}
select distinct (id + ${index}) % 20 as n, max(load_id) over () as load_id from {{source "raw" "events"}} ${newLoads}`,
      });
    for (let number = 0; number < 17; number += 1)
      project.write({
        [`models/fact_${number}.sql`]: `{{config materialized="incremental" unique_key="id" audit_columns="load_id"}}
select e.id, a.dim_a_key, b.dim_b_key, c.dim_c_key, e.value, e.load_id
from {{source "raw" "events"}} as e
join {{ref "dim_a"}} as a on a.n = e.id % 20
join {{ref "dim_b"}} as b on b.n = (e.id + 1) % 20
join {{ref "dim_c"}} as c on c.n = (e.id + 2) % 20
{{#incremental}}where e.load_id > {{high_water "raw.events"}}{{/incremental}}`,
        [`models/fact_${number}.yml`]: `
models:
  - name: fact_${number}
    constraints:
      - { type: foreign_key, columns: dim_c_key, to: ref('dim_c') }
      - { type: foreign_key, columns: dim_a_key, to: ref('dim_a') }
      - { type: foreign_key, columns: dim_b_key, to: ref('dim_b') }
`,
      });
    for (let run = 1; run <= builds; run += 1) {
      await database.warehouse.query(
        `insert into raw.events select ${run}, id, 'r', random() from generate_series(${run} * 40, ${run} * 40 + 39) as id`,
      );
      // Made anew, too, beside others that only grow.
      if (run % 20 === 6)
        for (let number = 0; number < 17; number += 2)
          await database.warehouse.query(`drop table public.fact_${number}`);
      const summary = await project.run(database.warehouse, { threads: 8, fullRefresh: run % 3 === 0 });
      expect(summary.results.map((result) => result.error)).toEqual(summary.results.map(() => undefined));
    }
    expect(await rowsOf(database.warehouse, 'select count(*) as n from public.fact_9')).toEqual([{ n: 40 * builds }]);
    // A deadlock that was tried again with success is one all the same; sessions report them when they end.
    await database.warehouse.close();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('select deadlocks from pg_stat_database where datname = current_database()');
    await client.end();
    expect(rows).toEqual([{ deadlocks: '0' }]);
  });
});
