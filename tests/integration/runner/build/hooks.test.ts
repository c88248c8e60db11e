import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { Gate } from '../../gate.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';

const note = (what: string) => `insert into raw.told (what) values ('${what}')`;

describe.each(oneDatabase)('hooks on $name', (kind) => {
  const { database, project } = projectOn(
    kind,
    {
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: rooms }, { name: told }] }]',
      'models/m.sql': '{{config materialized="table"}}\nselect id from {{source "raw" "rooms"}}',
    },
    [
      `create table raw.told (no int generated always as identity, what text, tx bigint default pg_current_xact_id()::text::bigint)`,
      'create table raw.rooms as select 1 as load_id, 1 as id',
    ],
  );

  const told = async () =>
    (await rowsOf(database.warehouse, 'select what from raw.told order by no')).map((row) => row.what);
  const inTransactions = async () =>
    (
      await rowsOf(
        database.warehouse,
        'select array_agg(what order by no) as whats from raw.told group by tx order by min(no)',
      )
    ).map((row) => row.whats);

  it('run around a model, in its transaction and outside, those of folders first', async () => {
    project.write({
      'project.yml': `name: test
models:
  +pre_hook: ${note('folder')}
  +post_hook: { sql: "${note('committed')}", transaction: false }
`,
      'models/m.yml': `models:
  - name: m
    config:
      pre-hook: [{ sql: "${note('before')}", transaction: false }, "${note('in')}"]
      post_hook: insert into raw.told (what) select 'rows ' || count(*) from {{this}}
`,
    });
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await told()).toEqual(['before', 'folder', 'in', 'rows 1', 'committed']);
    expect(await inTransactions()).toEqual([['before'], ['folder', 'in', 'rows 1'], ['committed']]);
  });

  it('run again where there is nothing new, in the form that is built', async () => {
    project.write({
      'models/m.sql': `{{config materialized="incremental" unique_key="id"
    pre_hook="insert into raw.told (what) values ('{{#incremental}}increment{{else}}full{{/incremental}}')"
    post_hook="{{#incremental}}insert into raw.told (what) values ('only then'){{/incremental}}"}}
select id from {{source "raw" "rooms"}} {{#incremental}}where load_id > {{high_water "raw.rooms"}}{{/incremental}}`,
    });
    await project.run(database.warehouse);
    expect(await told()).toEqual(['full']);
    await database.warehouse.query('insert into raw.rooms values (2, 2)');
    await project.run(database.warehouse);
    expect(await told()).toEqual(['full', 'increment', 'only then']);
    const nothing = await project.run(database.warehouse);
    expect(resultOf(nothing, 'm').message).toBe('nothing new');
    expect(await told()).toHaveLength(4);
  });

  it('may make what the model reads', async () => {
    project.write({
      'models/m.yml':
        'models: [{ name: m, config: { pre_hook: "insert into {{source "raw" "rooms"}} values (9, 9)" } }]'.replace(
          /"raw" "rooms"/,
          "'raw' 'rooms'",
        ),
    });
    expect(resultOf(await project.run(database.warehouse), 'm')).toMatchObject({ error: undefined, inserted: 2 });
  });

  it('a hook that fails fails the model: named, at its place, and nothing is left', async () => {
    project.write({
      'models/n.sql': 'select id from {{ref "m"}}',
      'models/m.yml': `models:
  - name: m
    config:
      pre_hook: ${note('gone')}
      post_hook:
        - select 1
        - >
          update {{this}}
          set idd = 2
`,
    });
    const summary = await project.run(database.warehouse);
    const { error } = resultOf(summary, 'm');
    expect(error).toMatchObject({
      message: expect.stringMatching(/^m: post_hook 2 of 2: column "idd" of relation "m" does not exist$/),
      where: 'models/m.yml:9:15',
    });
    expect((error as { detail?: string }).detail).toContain('9 |           set idd = 2');
    expect(resultOf(summary, 'n')).toMatchObject({ status: 'skipped', message: 'm failed' });
    expect(await told()).toEqual([]);
    expect(await rowsOf(database.warehouse, `select to_regclass('public.m') is null as absent`)).toEqual([
      { absent: true },
    ]);
  });

  it('may all change one row: models that are built at once do not starve each other', async () => {
    await database.warehouse.query('create table raw.counter as select 0 as n');
    project.write({
      'project.yml': 'name: test\nmodels: { +post_hook: update raw.counter set n = n + 1 }\n',
    });
    for (let number = 0; number < 15; number += 1)
      project.write({
        [`models/t${number}.sql`]: '{{config materialized="table"}}select 1 as id, pg_sleep(0.1)::text as slept',
      });
    const summary = await project.run(database.warehouse, { threads: 8 });
    expect(summary.results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    expect(await rowsOf(database.warehouse, 'select n from raw.counter')).toEqual([{ n: 16 }]);
  });

  it.each(['drop table {{this}}', 'alter table {{this}} rename to other'])(
    'one that takes the table away fails the model: %s',
    async (hook) => {
      project.write({ 'models/m.yml': `models: [{ name: m, config: { post_hook: [select 1, "${hook}"] } }]` });
      const summary = await project.run(database.warehouse);
      expect(resultOf(summary, 'm').error).toMatchObject({
        message: 'm: public.m is gone after its post_hook',
        where: 'models/m.yml:1:43',
      });
      expect(await rowsOf(database.warehouse, `select to_regclass('public.other') as other`)).toEqual([
        { other: null },
      ]);
    },
  );

  it('one that makes what an earlier run has made, or names what is not there yet, says how to go on', async () => {
    project.write({
      'models/m.yml': `models: [{ name: m, config: { pre_hook: "truncate {{this}}", post_hook: "create index by_id on {{this}} (id)" } }]`,
    });
    const hint = async () => (resultOf(await project.run(database.warehouse), 'm').error as { hint?: string }).hint;
    expect(await hint()).toContain('{{#incremental}}');
    project.write({
      'models/m.yml': `models: [{ name: m, config: { post_hook: "create index by_id on {{this}} (id)" } }]`,
    });
    await project.run(database.warehouse);
    expect(await hint()).toContain('`if not exists`');
  });

  it('one that fails after the commit leaves the rows, and what is made of them waits', async () => {
    project.write({
      'models/n.sql': 'select id from {{ref "m"}}',
      'models/m.yml': `models: [{ name: m, config: { post_hook: [{ sql: "call nothing_of_this_name()", transaction: false }] } }]`,
    });
    const summary = await project.run(database.warehouse);
    expect(summary.ok).toBe(false);
    expect(resultOf(summary, 'm')).toMatchObject({
      status: 'error',
      error: {
        message: expect.stringContaining('m: post_hook: procedure nothing_of_this_name() does not exist'),
        where: 'models/m.yml:1:56',
      },
    });
    expect(resultOf(summary, 'n').status).toBe('skipped');
    expect(await rowsOf(database.warehouse, 'select id from public.m')).toEqual([{ id: 1 }]);
    expect(await rowsOf(database.warehouse, `select status from datacycle.run_result where node = 'm'`)).toEqual([
      { status: 'error' },
    ]);
  });

  it('outside the transaction do what no transaction can', async () => {
    project.write({
      'models/m.yml': `models: [{ name: m, config: { post_hook: { sql: "vacuum {{this}}", transaction: false } } }]`,
    });
    expect((await project.run(database.warehouse)).ok).toBe(true);
  });

  it('run for seeds, snapshots and views as well', async () => {
    project.write({
      'project.yml': `name: test
models: { +post_hook: "insert into raw.told (what) select '{{name}}' || count(*) from {{this}}" }
seeds: { +post_hook: "insert into raw.told (what) select 's' || count(*) from {{this}}" }
`.replace('{{name}}', 'm'),
      'seeds/s.csv': 'id\n1\n2\n3\n',
      'models/v.sql': 'select id from {{ref "m"}}',
      'models/h.sql':
        '{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}select id from {{ref "v"}}',
      'models/e.sql': '{{config materialized="ephemeral"}}select 1 as one',
    });
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect([...(await told())].sort()).toEqual(['m1', 'm1', 'm1', 's3']);
    await project.run(database.warehouse);
    expect(await told()).toHaveLength(8);
  });

  it('what a hook names is there before, but tests of it hold nothing back', async () => {
    project.write({
      'models/z.sql': '{{config materialized="table"}}select 7 as id',
      'models/m.yml': `models:
  - name: m
    config: { post_hook: 'insert into raw.told (what) select id::text from {{ref "z"}}' }
  - name: z
    columns: [{ name: id, data_tests: [{ accepted_values: { values: [1] } }] }]
`,
    });
    const summary = await project.run(database.warehouse);
    expect(summary.results.map(({ node, status }) => [node.kind, status])).toContainEqual(['test', 'fail']);
    expect(resultOf(summary, 'm').status).toBe('success');
    expect(await told()).toEqual(['7']);
  });

  describe('of a run', () => {
    const hooks = `on-run-start: ${note('start')}
on-run-end:
  - insert into raw.told (what) select 'end ' || count(*) from {{ref "m"}}
  - insert into raw.told (what) values ('at {{run_started_at}}')
`.replace(`'at {{run_started_at}}'`, `(extract(epoch from {{run_started_at}})::bigint)::text`);

    it('come first and last, whatever the command', async () => {
      project.write({ 'project.yml': `name: test\n${hooks}` });
      for (const command of ['build', 'test', 'seed', 'snapshot', 'run'] as const) {
        await database.warehouse.query('truncate raw.told');
        const summary = await project.run(database.warehouse, { command, now: new Date('2024-01-01T00:00:00Z') });
        expect(summary).toMatchObject({
          ok: true,
          hooks: [{ name: 'on-run-start' }, { name: 'on-run-end 1 of 2' }, { name: 'on-run-end 2 of 2' }],
        });
        expect(await told()).toEqual(['start', 'end 1', '1704067200']);
      }
    });

    it('one that fails at the start stops the run, but not what comes at its end', async () => {
      project.write({
        'project.yml': `name: test\non_run_start: [selct 1, ${note('never')}]\non_run_end: ${note('end')}\n`,
      });
      const summary = await project.run(database.warehouse);
      expect(summary.ok).toBe(false);
      expect(summary.hooks.map(({ name, error }) => [name, error?.message])).toEqual([
        ['on-run-start 1 of 2', 'on-run-start 1 of 2: syntax error at or near "selct"'],
        ['on-run-end', undefined],
      ]);
      expect(summary.hooks[0]?.error).toMatchObject({ where: 'project.yml:2:16' });
      expect(resultOf(summary, 'm')).toMatchObject({ status: 'skipped', message: 'on-run-start 1 of 2 failed' });
      expect(await told()).toEqual(['end']);
    });

    it('one that fails at the end fails the run, those behind it run, and so they do after a model failed', async () => {
      project.write({
        'project.yml': `name: test\non-run-end: [drop table raw.nothing, ${note('end')}]\n`,
        'models/t.sql': '{{config materialized="table"}}select 1 / (select 0) as id',
      });
      const summary = await project.run(database.warehouse);
      expect(resultOf(summary, 't').status).toBe('error');
      expect(summary.hooks.map(({ error }) => error?.message)).toEqual([
        'on-run-end 1 of 2: table "nothing" does not exist',
        undefined,
      ]);
      expect(await told()).toEqual(['end']);
      expect(await rowsOf(database.warehouse, 'select status from datacycle.run')).toEqual([{ status: 'error' }]);
    });

    it('those of the end run after an interrupt', async () => {
      project.write({ 'project.yml': `name: test\n${hooks}` });
      await project.run(database.warehouse);
      await database.warehouse.query('truncate raw.told');
      const stop = new AbortController();
      const summary = await project.run(database.warehouse, {
        signal: stop.signal,
        onEvent: ({ type }) => type === 'hook-finished' && stop.abort(),
      });
      expect(resultOf(summary, 'm')).toMatchObject({ status: 'skipped', message: 'the run was stopped' });
      expect(await told()).toEqual(['start', 'end 1', expect.anything()]);
    });

    it('but not when the lock was lost', async () => {
      if (kind.name !== 'PostgreSQL') return;
      project.write({
        'project.yml': `name: test\n${hooks}`,
        'models/m.sql': '{{config materialized="table"}}\nselect 1 as id, raw.gate() as held',
        'models/n.sql': 'select id from {{ref "m"}}',
      });
      const gate = await Gate.make(database.url);
      await gate.shut();
      const killed = gate.reached().then(async () => {
        // It has told the run before it is gone, which is waited for.
        await database.warehouse.query(
          `select pg_terminate_backend(l.pid, 60000)
           from pg_locks as l
           join pg_database as d on d.oid = l.database
           where l.locktype = 'advisory' and l.classid = ${0x64617461} and d.datname = current_database()`,
        );
        await gate.open();
      });
      const summary = await project.run(database.warehouse);
      await killed;
      expect(resultOf(summary, 'n')).toMatchObject({
        status: 'skipped',
        message: expect.stringMatching(
          /^the run was stopped: the connection that holds the lock of the database was lost: .*the server closed the connection/,
        ),
      });
      expect(summary.hooks.map(({ name }) => name)).toEqual(['on-run-start']);
      expect(await told()).toEqual(['start']);
    });
  });
});
