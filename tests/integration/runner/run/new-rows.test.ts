import { describe, expect, test } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { eventsOn, newLoads } from '../../project-on.ts';

const files = {
  'models/readings.sql': `{{config materialized="incremental" unique_key="id"}}
select id, value, load_id from {{source "raw" "events"}} ${newLoads}`,
  'seeds/kinds.csv': 'value\n1\n2\n3\n4\n',
  'models/models.yml': `
models:
  - name: readings
    columns:
      - name: value
        data_tests:
          - not_null
          - accepted_values: { values: [1, 2, 3, 4], quote: false }
          - relationships: { to: ref('kinds'), field: value }
          - not_null: { name: picked, where: "id > (select 0)" }
      - name: load_id
        data_tests: [unique]
`,
  'tests/data/not_above.sql':
    '{{config scope="new_rows" audits="readings"}}\nselect * from {{ref "readings"}} join {{ref "kinds"}} using (value) where value > 3\n',
  'tests/data/audited.sql': '{{config audit="new_rows"}}\nselect * from {{ref "readings"}} where value > 100\n',
};
const ofRows = ['not_null_readings_value', 'accepted_values_readings_value', 'relationships_readings_value__kinds'];

describe.each(oneDatabase)('tests of single rows, on $name', (kind) => {
  const { database, project, rows, land, run } = eventsOn(kind, files);
  const outcomes = async (options = {}) =>
    Object.fromEntries(
      (await project.run(database.warehouse, options)).results.flatMap(({ node, status, message }) =>
        node.kind === 'test' ? [[node.name, `${status} ${message}`.trim()]] : [],
      ),
    );

  test('look at the rows that a build brings, once all others have passed', async () => {
    await land(1, "(1, 'a', 1), (2, 'a', 2)");
    await run();
    await land(2, "(1, 'a', 3)");
    await outcomes();
    await land(3, "(3, 'a', 3)");
    expect(await outcomes()).toEqual({
      ...Object.fromEntries([...ofRows, 'not_above'].map((name) => [name, 'pass new rows'])),
      audited: 'pass audited',
      // Whether a row is the only one of its kind, or what a query in its condition finds, depends on others.
      unique_readings_load_id: 'pass',
      picked: 'pass',
    });
  });

  test('find a bad row among the new ones, and again until it is gone', async () => {
    await land(1, "(1, 'a', 1)");
    await run();
    await land(2, "(2, 'a', null), (3, 'a', 7)");
    const failed = {
      not_null_readings_value: 'fail 1 bad row, new rows',
      accepted_values_readings_value: 'fail 1 bad row, new rows',
      relationships_readings_value__kinds: 'fail 1 bad row, new rows',
      not_above: 'pass new rows',
    };
    expect(await outcomes()).toMatchObject(failed);
    expect(await outcomes()).toMatchObject({ not_null_readings_value: 'fail 1 bad row' });
    await land(3, "(2, 'a', 2), (3, 'a', 3)");
    expect(await outcomes()).toMatchObject(Object.fromEntries(ofRows.map((name) => [name, 'pass'])));
  });

  test('store the bad rows that they find among the new ones', async () => {
    await land(1, "(1, 'a', 1)");
    await run({ storeFailures: true });
    await land(2, "(2, 'a', null), (3, 'a', 3)");
    expect(await outcomes({ storeFailures: true })).toMatchObject({ not_null_readings_value: 'fail 1 bad row' });
    expect(await rows('select id from dbt_test__audit.not_null_readings_value')).toEqual([{ id: 2 }]);
  });

  test('look at all rows after a rebuild, a change of what else they read, and runs without tests', async () => {
    await land(1, "(1, 'a', 4)");
    await run();
    expect(await outcomes()).toMatchObject({ not_above: 'fail 1 bad row' });
    project.write({ 'seeds/kinds.csv': 'value\n1\n2\n3\n' });
    expect(await outcomes()).toMatchObject({
      relationships_readings_value__kinds: 'fail 1 bad row',
      not_above: 'pass',
    });
    await land(2, "(1, 'a', 1)");
    await outcomes({ command: 'run' });
    await land(3, "(2, 'a', 1)");
    expect(await outcomes()).toMatchObject(Object.fromEntries(ofRows.map((name) => [name, 'pass'])));
  });

  test('of what has come since they passed: those with an incremental form', async () => {
    project.write({
      'tests/data/not_above.sql': `select id from {{ref "readings"}} where value > 3
{{#incremental}}and load_id > {{high_water "readings"}}{{/incremental}}
`,
    });
    await land(1, "(1, 'a', 1)");
    await run();
    // Changed by hand: a test that looked at all rows would see it.
    await rows('update public.readings set value = 9');
    await land(2, "(2, 'a', 2)");
    expect(await outcomes()).toMatchObject({ not_above: 'pass new rows' });
    await land(3, "(3, 'a', 4)");
    expect(await outcomes()).toMatchObject({ not_above: 'fail 1 bad row, new rows' });
    expect(await outcomes()).toMatchObject({ not_above: 'fail 2 bad rows' });
    expect(await outcomes({ fullRefresh: true })).toMatchObject({ not_above: 'fail 1 bad row' });
    project.write({
      'tests/data/not_above.sql':
        'select id from {{ref "readings"}} where value > 4 and id > {{high_water "readings"}}',
    });
    expect(() => project.compile()).toThrow('high_water has no value in a full build');
  });

  test('look for no parent of old rows again, unless parents are gone', async () => {
    const kinds = (...values: number[]) => ({ 'seeds/kinds.csv': `value\n${values.join('\n')}\n` });
    const relationship = 'relationships_readings_value__parents';
    project.write({
      'models/parents.sql':
        '{{config materialized="table" unique_key="value"}}\nselect value, count(*) over () as others from {{ref "kinds"}}',
      'models/models.yml': `models: [{ name: readings, columns: [{ name: value, data_tests: [{ relationships: { to: ref('parents'), field: value } }] }] }]`,
    });
    project.remove('tests/data/not_above.sql');
    await land(1, "(1, 'a', 1), (2, 'a', 2)");
    await run();
    // Changed by hand: a test that looked at all rows would see it.
    await rows('update public.readings set value = 9 where id = 1');
    project.write(kinds(1, 2, 3, 4, 5));
    expect(await outcomes()).toMatchObject({ [relationship]: 'pass new rows' });
    // A new row may be looked at before its parent comes.
    project.write(kinds(1, 2, 3, 4, 5, 6));
    await land(2, "(3, 'a', 6), (1, 'a', 1)");
    expect(await outcomes()).toMatchObject({ [relationship]: expect.stringMatching(/^pass/) });
    await rows('update public.readings set value = 9 where id = 1');
    project.write(kinds(1, 2, 3, 4, 5));
    expect(await outcomes()).toMatchObject({ [relationship]: 'fail 2 bad rows' });
  });

  test('that cannot be run beside the others say so by themselves', async () => {
    project.write({
      'tests/data/not_above.sql':
        '{{config scope="new_rows" audits="readings"}}\nselect * from {{ref "readings"}} where 1 / (value - 2) > 5\n',
    });
    await land(1, "(1, 'a', 1)");
    await run();
    await land(2, "(2, 'a', 2)");
    expect(await outcomes()).toMatchObject({
      not_above: expect.stringContaining('division by zero'),
      not_null_readings_value: 'pass',
    });
    expect(await rows('select id from public.readings order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });
});
