import { describe, expect, test } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { eventsOn, newLoads } from '../../project-on.ts';
import { rounds } from '../../rounds.ts';

const files = {
  'models/sources.yml':
    'sources: [{ name: raw, tables: [{ name: events, rows_version: "select max(load_id) from raw.events" }] }]',
  'seeds/kinds.csv': 'value,label\n1,one\n2,two\n3,three\n',
  'models/readings.sql': `{{config materialized="incremental" unique_key="id"}}
select id, max(value) as value, max(load_id) as load_id from {{source "raw" "events"}} ${newLoads} group by id`,
  'models/named.sql':
    'select r.id, r.value, k.label from {{ref "readings"}} as r left join {{ref "kinds"}} as k using (value)',
  'models/labels.sql':
    '{{config materialized="table"}}\nselect label, count(*) as n, sum(value) as total from {{ref "named"}} group by label',
  'models/totals.sql':
    '{{config materialized="materialized_view" unique_key="one"}}\nselect 1 as one, count(*) as n from {{ref "labels"}}',
  'models/latest.sql':
    '{{config materialized="table"}}\nselect max(load_id) as load_id, count(*) as n from {{source "raw" "events"}}',
  'models/models.yml': `
models:
  - name: readings
    columns:
      - name: value
        data_tests:
          - not_null: { severity: warn }
          - accepted_values: { values: [1, 2, 3], quote: false, severity: warn }
          - relationships: { to: ref('kinds'), field: value, severity: warn }
  - name: labels
    columns: [{ name: label, data_tests: [{ not_null: { severity: warn } }, { unique: { severity: warn } }] }]
  - name: totals
    columns: [{ name: n, data_tests: [{ accepted_values: { values: [1, 2, 3, 4], quote: false, severity: warn } }] }]
`,
  'tests/data/rows_match.sql':
    '{{config severity="warn"}}\nselect r.id from {{ref "readings"}} as r full join {{ref "named"}} as n using (id) where r.value is distinct from n.value',
  'tests/data/few.sql': '{{config severity="warn"}}\nselect * from {{ref "latest"}} where n > 25',
  'tests/data/small.sql':
    '{{config severity="warn" scope="new_rows"}}\nselect * from {{ref "readings"}} where value > 5',
};

/** The same sequence in every run with the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe.each(oneDatabase)('builds that leave out what nothing has changed for, on $name', (kind) => {
  const { database, project, rows, land } = eventsOn(kind, files);

  test('give the rows and the verdicts of builds that leave out nothing', async () => {
    const pick = numbers(20231027);
    let load = 0;
    const oneRow = () => `(${1 + pick(9)}, 'a', ${['1', '2', '3', 'null', '7'][pick(pick(2) === 0 ? 5 : 3)]})`;
    const next = (values: string) => {
      load += 1;
      return land(load, values);
    };
    const steps: readonly (() => Promise<unknown> | unknown)[] = [
      () => next(Array.from({ length: 1 + pick(3) }, oneRow).join(', ')),
      () => next(oneRow()),
      () => undefined,
      () =>
        project.write({ 'seeds/kinds.csv': `value,label\n1,one\n2,${['two', 'deux', 'one', ''][pick(4)]}\n3,three\n` }),
      () => project.write({ 'models/named.sql': `${files['models/named.sql']} where r.id > ${pick(3)}` }),
      () => project.write({ 'tests/data/few.sql': `${files['tests/data/few.sql']} and n < ${pick(60)}` }),
      () => project.run(database.warehouse, { command: 'run' }),
      () => project.run(database.warehouse, { select: ['readings'] }),
      () => project.run(database.warehouse, { fullRefresh: true }),
      () => project.run(database.warehouse, { command: 'seed' }),
      () => rows('delete from raw.events where load_id < (select max(load_id) - 8 from raw.events)'),
    ];
    const reused = { tests: 0, models: 0 };
    for (let step = 0; step < rounds({ gate: 25, long: 300 }); step += 1) {
      await steps[step === 0 ? 0 : pick(steps.length)]?.();
      const built = await project.run(database.warehouse);
      const { results: all } = await project.run(database.warehouse, { command: 'test', reuse: false });
      const verdict = (results: typeof all) =>
        Object.fromEntries(results.flatMap(({ node, status }) => (node.kind === 'test' ? [[node.name, status]] : [])));
      expect(verdict(built.results), `verdicts at step ${step}`).toEqual(verdict(all));
      // What it has left out would have changed nothing.
      const again = await project.run(database.warehouse, { command: 'run', reuse: false });
      const changed = again.results.filter(({ inserted, updated, deleted }) => inserted + updated + deleted > 0);
      expect(
        changed.map(({ node }) => node.name),
        `rows at step ${step}`,
      ).toEqual([]);
      for (const { node, message } of built.results) {
        if (/^(unchanged since|new rows)/.test(message)) reused.tests += 1;
        if (node.kind === 'model' && message === 'nothing that it reads has changed') reused.models += 1;
      }
    }
    expect(reused.tests).toBeGreaterThan(20);
    expect(reused.models).toBeGreaterThan(5);
  });
});
