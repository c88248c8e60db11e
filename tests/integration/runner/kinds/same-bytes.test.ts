import { describe, expect, it } from 'vitest';
import { verifyModels } from '../../../../runner/verify/verify.ts';
import { servers } from '../../databases.ts';
import { newLoads, projectOn } from '../../project-on.ts';

/** Types with two values that are equal, or that have no equality. */
const values = [
  ['citext', 'jimmy', 'Jimmy'],
  ['interval', '1 mon', '30 days'],
  ['numeric', '1.0', '1.00'],
  ['double precision', '0', '-0'],
  ['real', '-0', '0'],
  ['text collate raw.blurred', 'Küche', 'küche'],
  ['varchar(9) collate raw.blurred', 'a', 'A'],
  ['jsonb', '{"a": 1.0}', '{"a": 1.00}'],
  ['json', '{"a": 1}', '{"a":  1}'],
  ['xml', '<a/>', '<a></a>'],
  ['point', '(0,1)', '(-0,1)'],
  ['box', '(1,1),(0,0)', '(2,0.5),(0,0)'],
  ['bpchar', 'a', 'a '],
  ['numrange', '[1.0,2)', '[1.00,2)'],
  ['json[]', '{1}', '{" 1"}'],
  ['point[]', '{"(0,1)"}', '{"(-0,1)"}'],
  ['numeric[]', '{1.0}', '{1.00}'],
  ['citext[]', '{a}', '{A}'],
  ['raw.pair', '(1,"{}")', '(1,"{ }")'],
  ['raw.pair[]', '{"(1,1.0)"}', '{"(1,1.00)"}'],
  ['raw.document', '{}', '{ }'],
  ['raw.place', '(0,1)', '(-0,1)'],
  ['raw.amount', '1.0', '1.00'],
] as const;

const columns = values.map((_, index) => `c${index}`);
const list = columns.join(', ');
const from = `from {{source "raw" "v"}}`;
const sources = `sources: [{ name: raw, tables: [{ name: v, event_time: at }, { name: named }] }]`;

describe.each(servers)('rows whose values are equal and not the same, on $name', (kind) => {
  const { database, project, rows, run } = projectOn(kind, { 'models/sources.yml': sources }, [
    'create extension citext schema public',
    "create collation raw.blurred (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    'create type raw.pair as (a int, b json)',
    'create domain raw.document as json',
    'create domain raw.place as point',
    'create domain raw.amount as numeric',
    `create table raw.v (load_id bigint default 1, id int, at timestamptz default '2024-01-01 12:00+00', ${values
      .map(([type], index) => `c${index} ${type}`)
      .join(', ')})`,
    `insert into raw.v (id, ${list}) select n, ${values.map(([type, old]) => `'${old}'::${type.replace(/ collate .*/, '')}`).join(', ')}
     from generate_series(0, ${values.length - 1}) as n`,
  ]);

  /** In each row another column changes. */
  const change = async () => {
    for (const [index, [, , fresh]] of values.entries())
      await rows(`update raw.v set c${index} = '${fresh}', load_id = 2 where id = ${index}`);
  };
  const sums = async (options: Parameters<typeof run>[0] = {}) => {
    const { results } = await project.run(database.warehouse, { command: 'build', now, ...options });
    expect(results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    return Object.fromEntries(
      results.map(({ node, inserted, updated, deleted }) => [node.name, `+${inserted} ~${updated} -${deleted}`]),
    );
  };
  const now = new Date('2024-01-01T18:00:00Z');
  const verdicts = async () => {
    const compiled = project.compile();
    const results = await verifyModels(compiled, database.warehouse, {
      selected: new Set(compiled.manifest.nodes.keys()),
      limit: 50,
      clock: () => now,
      onVerified: () => undefined,
    });
    return Object.fromEntries(
      results.map(({ node, verdict }) => [
        node.name,
        verdict.status === 'differs' ? verdict.counts : verdict.status === 'error' ? verdict.error : verdict.status,
      ]),
    );
  };

  it('a key that is spelt anew is taken over, and keeps its surrogate key', async () => {
    const keyed = 'unique_key="name" surrogate_key="key"';
    await rows('create table raw.named (load_id int, name citext, size int)');
    await rows(`insert into raw.named values (1, 'jimmy', 1), (1, 'anna', 2)`);
    const named = `{{source "raw" "named"}}`;
    project.write({
      'models/t.sql': `{{config materialized="table" ${keyed}}}select name, size from ${named}`,
      'models/m.sql': `{{config materialized="incremental" ${keyed}}}select name, size from ${named} ${newLoads.replace('events', 'named')}`,
      'models/bare.sql': `{{config materialized="table" unique_key="name"}}select name from ${named}`,
      'models/s.sql': `{{config materialized="snapshot" unique_key="name" strategy="check" check_cols="all"}}select name from ${named}`,
    });
    await sums();
    await rows(`update raw.named set name = 'Jimmy', load_id = 2 where name = 'jimmy'`);
    await rows(`insert into raw.named values (2, 'zoe', 3)`);
    const one = '+1 ~1 -0';
    expect(await sums()).toEqual({ t: one, m: one, bare: one, s: '+2 ~1 -0' });
    const names = [
      { name: 'anna', key: 1 },
      { name: 'Jimmy', key: 2 },
      { name: 'zoe', key: 3 },
    ];
    for (const table of ['t', 'm'])
      expect(await rows(`select name::text, key from public.${table} order by key`)).toEqual(names);
    expect(await rows('select name::text from public.bare order by public.bare.name')).toEqual(
      names.map(({ name }) => ({ name })),
    );
    expect(await verdicts()).toEqual({ t: 'equal', m: 'equal', bare: 'equal', s: 'skipped' });
    const none = '+0 ~0 -0';
    expect(await sums({ fullRefresh: true })).toEqual({ t: none, m: none, bare: none, s: none });
  });

  it('are updated by every materialization, and verify tells them apart', async () => {
    const batches = 'incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2024-01-01" lookback=0';
    project.write({
      'models/keyed.sql': `{{config materialized="table" unique_key="id"}}select id, ${list} ${from}`,
      'models/unkeyed.sql': `{{config materialized="table"}}select id, ${list} ${from}`,
      'models/merged.sql': `{{config materialized="incremental" unique_key="id"}}select id, ${list}, load_id ${from} ${newLoads.replace('raw.events', 'raw.v')}`,
      'models/history.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}select id, ${list} ${from}`,
      'models/batched.sql': `{{config materialized="incremental" unique_key="id" ${batches}}}select id, at, ${list} ${from}`,
      'models/lumped.sql': `{{config materialized="incremental" ${batches}}}select id, at, ${list} ${from}`,
      'models/parted.sql': `{{config materialized="table" unique_key="id, at"}}select id, at, ${list} ${from}`,
      'models/parted.yml': 'models: [{ name: parted, config: { partition_by: { column: at, granularity: day } } }]',
    });
    const n = values.length;
    const names = ['keyed', 'unkeyed', 'merged', 'history', 'batched', 'lumped', 'parted'];
    const all = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    expect(await sums()).toEqual(all(`+${n} ~0 -0`));
    expect(await sums({ fullRefresh: true })).toEqual(all('+0 ~0 -0'));
    await change();
    expect(await verdicts()).toMatchObject({
      keyed: { changed: n },
      parted: { changed: n },
      batched: { changed: n },
      unkeyed: { missing: n, surplus: n },
      lumped: { missing: n, surplus: n },
    });
    expect(await sums()).toEqual({
      ...all(`+0 ~${n} -0`),
      unkeyed: `+${n} ~0 -${n}`,
      lumped: `+${n} ~0 -${n}`,
      history: `+${n} ~${n} -0`,
    });
    const text = (table: string, where = '') =>
      rows(`select id, row(${list})::text from ${table} ${where} order by id`);
    const fresh = await text('raw.v');
    for (const name of names)
      expect(await text(`public.${name}`, name === 'history' ? 'where dbt_valid_to is null' : ''), name).toEqual(fresh);
    expect(await verdicts()).toEqual({
      keyed: 'equal',
      unkeyed: 'equal',
      merged: 'equal',
      history: 'skipped',
      batched: 'equal',
      lumped: 'equal',
      parted: 'equal',
    });
    expect(await sums({ fullRefresh: true })).toEqual(all('+0 ~0 -0'));
  });
});
