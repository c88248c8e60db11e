import { describe, expect, it } from 'vitest';
import { reportLines } from '../../../../runner/run/report.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const number = (name: string, config: string) =>
  `{ is_below: { name: ${name}, limit_value: 3, config: { ${config} } } }`;
const files = {
  'project.yml': `name: test
vars: { most: 4 }
data_tests: { +limit: 100, lenient: { +severity: warn } }`,
  'models/t.sql': 'select n, n as "Wide" from generate_series(1, 5) as n',
  'models/lenient/u.sql': 'select * from {{ref "t"}}',
  'models/lenient/u.yml':
    'models: [{ name: u, columns: [{ name: n, data_tests: [{ accepted_values: { name: by_folder, values: [1] } }] }] }]',
  'models/t.yml': `models:
  - name: t
    columns:
      - name: Wide
        quote: true
        data_tests: [{ unique: { name: quoted } }]
      - name: n
        data_tests:
          - ${number('plain', '')}
          - ${number('warns', 'warn_if: ">2", error_if: ">3"')}
          - ${number('fails', 'warn_if: ">1", error_if: ">2"')}
          - ${number('lets', 'error_if: ">10", warn_if: ">10"')}
          - ${number('only_warns', 'severity: WARN, error_if: ">1"')}
          - ${number('too_few', 'error_if: "<10"')}
          - ${number('capped', 'limit: 2, error_if: ">2", warn_if: ">1"')}
          - ${number('summed', 'fail_calc: "sum(n)", error_if: ">12", warn_if: "<>0"')}
          - ${number('picked', 'where: "n < {{var \'most\'}}"')}
          - ${number('empty_sum', 'fail_calc: "sum(n)", where: "n < 0"')}
          - ${number('off', 'enabled: false')}
          - ${number('in_table', 'store_failures: true, alias: bad_ones')}
          - ${number('in_view', 'store_failures_as: view, schema: audits')}
          - ${number('nowhere', 'store_failures: true, store_failures_as: ephemeral')}
          - test_name: is_below
            name: other_form
            arguments: { limit_value: var('most') }
`,
  'tests/generic/is_below.sql': `{{arguments limit_value="number"}}
select * from {{model}} where not {{column_name}} < {{limit_value}}`,
  'tests/stored.sql':
    '{{config severity="warn" store_failures=true warn_if=">0"}}select n, repeat(\'x\', 50) as text from {{ref "t"}}',
};

describe.each(oneDatabase)('a test of a model against its past runs on $name', (kind) => {
  const { project, database, rows } = projectOn(kind, {
    'seeds/t.csv': `id\n${Array.from({ length: 100 }, (_, id) => id).join('\n')}\n`,
    'seeds/t.yml': 'seeds: [{ name: t, data_tests: [row_count_anomaly, freshness_anomaly] }]',
  });
  const statuses = async () => {
    const { results } = await project.run(database.warehouse, { command: 'test' });
    return Object.fromEntries(results.map(({ node, status, error }) => [node.name, error?.message ?? status]));
  };

  it('finds what is out of the usual, once there are some', async () => {
    const both = (count: string, fresh: string) => ({ row_count_anomaly_t: count, freshness_anomaly_t: fresh });
    await project.run(database.warehouse, { command: 'seed' });
    expect(await statuses()).toEqual(both('pass', 'pass'));
    await rows('delete from datacycle.run_result');
    await rows(`insert into datacycle.run (run_id, command, target, started_at, status)
select 'past ' || n, 'seed', 'default', now(), 'success' from generate_series(0, 9) as n`);
    await rows(`insert into datacycle.run_result (run_id, node, kind, status, started_at, finished_at, rows_inserted, rows_deleted)
select 'past ' || n, 't', 'seed', 'success', now(), now() - n * interval '1 hour', 2, 0 from generate_series(0, 9) as n`);
    expect(await statuses()).toEqual(both('pass', 'pass'));
    await rows("update datacycle.run_result set finished_at = finished_at - interval '5 hours'");
    expect(await statuses()).toEqual(both('pass', 'fail'));
    await rows("update datacycle.run_result set rows_deleted = 102 where run_id = 'past 0'");
    expect(await statuses()).toEqual(both('fail', 'fail'));
  });
});

describe.each(oneDatabase)('the settings of data tests on $name', (kind) => {
  const { project, database, rows } = projectOn(kind, files);
  const tested = async (storeFailures = false) => {
    await project.run(database.warehouse, { command: 'run' });
    const { results } = await project.run(database.warehouse, { command: 'test', storeFailures });
    return Object.fromEntries(
      results.map(({ node, status, message, error }) => [node.name, error?.message ?? `${status}: ${message}`]),
    );
  };
  const stored = async () =>
    (
      await rows(`select table_schema || '.' || table_name || ' ' || table_type as name from information_schema.tables
where table_schema in ('dbt_test__audit', 'audits') order by 1`)
    ).map(({ name }) => name);

  it('say what the bad rows mean', async () => {
    expect(await tested()).toEqual({
      quoted: 'pass: ',
      by_folder: 'warn: 4 bad rows',
      plain: 'fail: 3 bad rows',
      warns: 'warn: 3 bad rows, warns if >2',
      fails: 'fail: 3 bad rows, fails if >2',
      lets: 'pass: 3 bad rows',
      only_warns: 'warn: 3 bad rows',
      too_few: 'fail: 3 bad rows, fails if <10',
      capped: 'warn: 2 bad rows, warns if >1',
      summed: 'warn: 12 bad rows, warns if sum(n) <>0',
      picked: 'fail: 1 bad row',
      empty_sum: 'empty_sum: fail_calc yields NULL where there is no bad row',
      in_table: 'fail: 3 bad rows',
      in_view: 'fail: 3 bad rows',
      nowhere: 'fail: 3 bad rows',
      other_form: 'fail: 2 bad rows',
      stored: 'warn: 5 bad rows, warns if >0',
    });
    expect(await stored()).toEqual([
      'audits.in_view VIEW',
      'dbt_test__audit.bad_ones BASE TABLE',
      'dbt_test__audit.stored BASE TABLE',
    ]);
    expect(await rows('select n from dbt_test__audit.bad_ones order by n')).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }]);
  });

  it('let a run store the bad rows of all tests that do not say otherwise, again and again', async () => {
    await tested(true);
    await tested(true);
    const names = await stored();
    expect(names).toHaveLength(16);
    expect(names).toContain('dbt_test__audit.plain BASE TABLE');
    expect(names.join()).not.toContain('nowhere');
  });

  it('and the first bad rows are printed with the command that shows all', async () => {
    await tested();
    const finished = project.events.find(({ type }) => type === 'finished');
    const text = finished === undefined ? [] : reportLines(finished).map((line) => line.text);
    const from = text.findIndex((line) => line.startsWith('Failed: plain'));
    expect(text.slice(from, from + 8)).toEqual([
      'Failed: plain: 3 bad rows',
      '  models/t.yml:9',
      '    n | Wide',
      '    3 | 3',
      '    4 | 4',
      '    5 | 5',
      '  See them with: datacycle show --limit -1 --select plain',
      '',
    ]);
    expect(text.join('\n')).toContain(`    1 | ${'x'.repeat(31)}…`);
    expect(text).toContain(
      '  See them with: datacycle show --limit -1 --inline "select * from dbt_test__audit.stored"',
    );
  });
});
