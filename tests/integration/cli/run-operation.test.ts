import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const files = {
  'project.yml': 'name: shop\nmodels: { +schema: gold, +materialized: table }\n',
  'models/rooms.sql': "select n as id, 'room ' || n as name from generate_series(1, 3) as n",
  'models/counted.sql': 'select count(*)::int as rooms from {{ref "rooms"}}',
  'macros/forget.sql': `delete from {{ref "rooms"}} where id in ({{#each ids as |id|}}{{id}}{{#unless @last}}, {{/unless}}{{/each}});
select id, name from {{ref "rooms"}} order by id;`,
  'macros/half.sql': 'delete from {{ref "rooms"}};\nselect nothing from {{ref "rooms"}}',
  'macros/ends.sql': 'delete from {{ref "rooms"}};\n-- now\ncommit;',
  'macros/function.sql': `create or replace function gold.twice(n int) returns int language sql
begin atomic
    select 1;
    select n * 2;
end;
{{log "made it" info=true}}
select gold.twice({{n}}) as twice`,
  'macros/notices.sql':
    'do $$ begin raise notice \'% rooms; and no more\', (select count(*) from {{ref "rooms"}}); end $$;',
  'macros/says.sql': '{{log "only words" info=true}}',
};

describe('run-operation', () => {
  const project = new TemporaryProject(files);
  let database: TestDatabase;
  const run = (...args: string[]) => {
    const { PATH = '', HOME = '' } = process.env;
    return runHere(args, project.root, { PATH, HOME, ...(database.url === undefined ? {} : { DB_URL: database.url }) });
  };
  const rooms = () => rowsOf(database.warehouse, 'select id from gold.rooms order by id');
  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
    expect(await run('build')).toMatchObject({ code: 0, stderr: '' });
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });

  it('prints the SQL, and does nothing, with --dry-run', async () => {
    const { code, stdout } = await run('run-operation', 'forget', '--args', '{ids: [1, 2]}', '--dry-run');
    expect([code, stdout]).toEqual([
      0,
      'delete from "gold"."rooms" where id in (1, 2);\nselect id, name from "gold"."rooms" order by id;\n',
    ]);
    expect(await rooms()).toHaveLength(3);
  });

  it('runs all statements with the arguments, shows rows, and what reads a changed table is built again', async () => {
    const { code, stdout, stderr } = await run('run-operation', 'forget', '--args', 'ids: [1]');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      'delete: 1 row\nid | name\n---+-------\n 2 | room 2\n 3 | room 3\nDone: forget, 2 statements.\n',
    );
    expect(await run('run', '--select', 'counted')).toMatchObject({ code: 0 });
    expect(await rowsOf(database.warehouse, 'select rooms from gold.counted')).toEqual([{ rooms: 2 }]);
  });

  it('runs what has semicolons inside, and tells what the macro logs', async () => {
    const { code, stdout, stderr } = await run('run-operation', 'function', '--args', '{n: 21}');
    expect([code, stderr]).toEqual([0, expect.stringContaining('made it')]);
    expect(stdout).toBe('twice\n-----\n   42\nDone: function, 2 statements.\n');
    expect(await run('run-operation', 'says')).toMatchObject({
      code: 0,
      stdout: 'says renders no SQL: nothing is done.\n',
      stderr: expect.stringContaining('only words'),
    });
  });

  it('prints what statements say by raise notice', async () => {
    const { code, stdout, stderr } = await run('run-operation', 'notices');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d rooms; and no more\nDone: notices, 1 statement\.\n$/);
  });

  it('takes effect as a whole or not at all, and points at the macro', async () => {
    const before = await rooms();
    const half = await run('run-operation', 'half');
    expect([half.code, half.stdout, half.stderr]).toEqual([1, '', expect.stringContaining('macros/half.sql:2:8')]);
    const ends = await run('run-operation', 'ends');
    expect([ends.code, ends.stderr]).toEqual([1, expect.stringContaining('commit would end the transaction')]);
    expect(ends.stderr).toContain('macros/ends.sql:3');
    expect(await rooms()).toEqual(before);
  });

  it.each([
    [['forgett'], 'Did you mean "forget"?'],
    [['forget'], 'ids'],
    [['forget', '--args', '{idz: [1]}'], 'takes no argument "idz"'],
    [['forget', '--args', '[1]'], '--args is not an object: [1]'],
  ])('refuses %j', async (args, message) => {
    expect(await run('run-operation', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
