import { describe, expect, it } from 'vitest';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const described = (more = '') => `
models:
  - name: visits
    columns:
      - name: id
        data_tests: [not_null, unique]
      - name: kind
        data_tests: [not_null, { accepted_values: { values: [a, b] } }${more}]
  - name: alone
    columns: [{ name: id, data_tests: [not_null] }]
`;
const files = {
  'models/visits.sql': `{{config materialized="table"}}
select * from (values (1, 'a', '1'), (2, 'b', '2'), (3, null, 'x'), (4, 'c', 'x'), (5, 'c', 'x')) as v (id, kind, text)`,
  'models/alone.sql': '{{config materialized="table"}}\nselect 1 as id',
  'models/models.yml': described(),
};

/** The same database, with the queries that it gets outside transactions noted. */
function noting(warehouse: Warehouse, queries: string[]): Warehouse {
  return new Proxy(warehouse, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key === 'query')
        return (sql: string, ...more: []) => {
          queries.push(sql);
          return target.query(sql, ...more);
        };
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe.each(oneDatabase)('tests of one relation on $name', (kind) => {
  const { database, project } = projectOn(kind, files);
  const tested = async (command: 'test' | 'build' = 'test') => {
    const queries: string[] = [];
    const { results } = await project.run(noting(database.warehouse, queries), { command });
    const outcomes = results.flatMap(({ node, status, failures, error }) =>
      node.kind === 'test' ? [[node.name, error?.message ?? `${status} ${failures}`]] : [],
    );
    const scans = queries.filter((sql) => /\bfrom "public"\."(visits|alone)"/.test(sql));
    return { outcomes: Object.fromEntries(outcomes), scans };
  };

  it('read it once, and those with bad rows once more', async () => {
    const { outcomes, scans } = await tested('build');
    expect(outcomes).toEqual({
      not_null_visits_id: 'pass 0',
      unique_visits_id: 'pass 0',
      not_null_visits_kind: 'fail 1',
      accepted_values_visits_kind: 'fail 1',
      not_null_alone_id: 'pass 0',
    });
    // Of the two that fail, the bad rows are counted and the first of them read.
    expect(scans).toHaveLength(7);
    expect(scans.filter((sql) => sql.includes('filter (where'))).toEqual([
      `select
    count(*) filter (where "kind" not in ('a', 'b')
    ) as "0",
    count(*) filter (where "id" is null
    ) as "1",
    count(*) filter (where "kind" is null
    ) as "2"
from "public"."visits" as "visits"`,
    ]);
  });

  it('pick their rows each by itself, and fail alone', async () => {
    project.write({
      'models/models.yml': described(`,
          { not_null: { name: picked, where: "visits.id < 3" } },
          { not_null: { name: cast, where: "text::int > 0" } },
          { not_null: { name: queried, where: "id = (select max(v.id) from public.visits as v)" } }`),
    });
    const { outcomes } = await tested('build');
    expect(outcomes).toMatchObject({
      not_null_visits_id: 'pass 0',
      not_null_visits_kind: 'fail 1',
      picked: 'pass 0',
      queried: 'pass 0',
      cast: expect.stringContaining('invalid input syntax for type integer: "x"'),
    });
  });

  it('are read together as audits of a table that is built, and let only one of new rows be', async () => {
    project.write({
      'models/models.yml': described().replaceAll('not_null', '{ not_null: { audit: true } }'),
    });
    const failed = await project.run(database.warehouse);
    expect(failed.results.find(({ node }) => node.name === 'visits')?.error?.message).toContain(
      'audit not_null_visits_kind found 1 bad row',
    );
    project.write({ 'models/visits.sql': `{{config materialized="table"}}\nselect 1 as id, 'a' as kind` });
    expect((await tested('build')).outcomes).toMatchObject({
      not_null_visits_id: 'pass 0',
      not_null_visits_kind: 'pass 0',
    });
  });
});
