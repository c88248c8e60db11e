import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../../runner/text/errors.ts';
import { oneDatabase } from '../databases.ts';
import { eventSources, newLoads, projectOn } from '../project-on.ts';
import { resultOf, rowsOf } from '../temporary-project.ts';

const secret = 'pepper-and-salt-4711';

describe.each(oneDatabase)('what must not go wrong on $name', (kind) => {
  const { database, project } = projectOn(
    kind,
    { 'models/sources.yml': eventSources },
    ['create table raw.events (load_id bigint, id int, device text, counter int)'],
    { 'datacycle.secret_pepper': secret },
  );

  it('a model built before a sibling it reads was brought up to date looks at the same rows again', async () => {
    project.write({
      'models/events.sql': `{{config materialized="incremental" unique_key="id"}}select id, device, counter, load_id from {{source "raw" "events"}} ${newLoads}`,
      'models/devices.sql': `{{config materialized="incremental" unique_key="device"}}
select device, bool_or(counter is not null) as counts from {{ref "events"}}
{{#incremental}}where device in (select device from {{ref "events"}} where load_id > {{high_water "events"}}){{/incremental}} group by device`,
      'models/facts.sql': `{{config materialized="incremental" unique_key="id"}}
select e.id, d.counts from {{ref "events"}} e left join {{ref "devices"}} d using (device)
{{#incremental}}where device in (select device from {{ref "events"}} where load_id > {{high_water "events"}}){{/incremental}}`,
    });
    await database.warehouse.query(`insert into raw.events values (1, 1, 'a', null)`);
    await project.run(database.warehouse);
    await database.warehouse.query(`insert into raw.events values (2, 2, 'a', 5)`);
    await project.run(database.warehouse, { command: 'run', select: ['events', 'facts'] });
    await project.run(database.warehouse);
    expect(await rowsOf(database.warehouse, 'select * from public.facts order by id')).toEqual([
      { id: 1, counts: true },
      { id: 2, counts: true },
    ]);
    expect(resultOf(await project.run(database.warehouse), 'facts').message).toBe('nothing new');
  });

  it('a change of the incremental SQL alone rebuilds the model', async () => {
    const model = (limit: number) =>
      `{{config materialized="incremental" unique_key="id"}}select id from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}} and id < ${limit}{{/incremental}}`;
    project.write({ 'models/copied.sql': model(2) });
    await database.warehouse.query(`insert into raw.events values (1, 1, 'a', null)`);
    await project.run(database.warehouse);
    await database.warehouse.query(`insert into raw.events values (2, 7, 'a', null)`);
    await project.run(database.warehouse);
    project.write({ 'models/copied.sql': model(100) });
    expect(resultOf(await project.run(database.warehouse), 'copied')).toMatchObject({
      inserted: 1,
      message: 'rebuilt: its SQL changed',
    });
  });

  it('a second statement or an open quote in a model is refused before anything runs; strings, comments and a last semicolon are fine', () => {
    project.write({ 'models/two.sql': 'select 1 as a;\ncommit; drop table x' });
    expect(() => project.compile()).toThrow(ProjectError);
    expect(() => project.compile()).toThrow(/models\/two\.sql:1:14: a model is one select/);
    project.write({ 'models/two.sql': "select 'abc as a" });
    expect(() => project.compile()).toThrow(/models\/two\.sql:1:8: this ' is not closed/);
    project.write({ 'models/two.sql': `select ';' as a, e'\\';' as b, $x$;$x$ as c /* ; */ -- ;\n ; -- done\n` });
    expect(() => project.compile()).not.toThrow();
  });

  it.each([
    ['a comma too many', 'select 1 as a,', 'syntax error: the query ends too early', 'models/broken.sql:1:14'],
    [
      'a value that speaks of termination',
      "select 'contract terminated'::int as a",
      'invalid input syntax',
      'models/broken.sql:1:8',
    ],
  ])('%s is shown at its place in the template', async (_name, sql, message, where) => {
    project.write({ 'models/broken.sql': sql });
    const { error } = resultOf(await project.run(database.warehouse), 'broken');
    expect(error?.message).toContain(message);
    expect(error).toMatchObject({ where });
  });

  it('a secret that PostgreSQL quotes in a message is concealed', async () => {
    const failed = await database.warehouse
      .query(`select current_setting('datacycle.secret_pepper')::int`)
      .catch((error: unknown) => error);
    expect(String(failed)).toContain('"***"');
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain(secret);
  });
});
