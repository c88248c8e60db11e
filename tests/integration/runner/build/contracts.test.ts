import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';

/** The .yml of `m` with a contract: `columns` as `name: type`. */
const promise = (columns: Readonly<Record<string, string>>, config = '', branch = 'models') =>
  `${branch}:
  - name: m
    config: { contract: { enforced: true }${config === '' ? '' : `, ${config}`} }
    columns:
${Object.entries(columns)
  .map(([name, type]) => `      - { name: ${name}, data_type: ${type} }`)
  .join('\n')}
`;

const kept = { id: 'integer', name: 'text' };
/** Other than the query's, which has neither `name` as varchar nor `size`. */
const broken = { id: 'integer', name: 'varchar(9)', size: 'integer' };
const complaint =
  'm breaks its contract:\n  name: declared varchar(9), but the query yields text\n  size: declared, but not selected';

describe.each(oneDatabase)('contracts on $name', (kind) => {
  const { database, project } = projectOn(
    kind,
    {
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: rooms }] }]',
      'models/m.sql': 'select id, name from {{source "raw" "rooms"}}',
    },
    [`create table raw.rooms as select 1 as load_id, 1 as id, text 'bath' as name`],
  );

  it.each(['materialized: view', 'materialized: table', 'materialized: incremental, unique_key: c0'])(
    'types are compared as PostgreSQL resolves them, however they are spelt: %s',
    async (config) => {
      await rowsOf(
        database.warehouse,
        `do $$ begin
           create type raw."Weird Type" as enum ('a');
           create type public.mood as enum ('sad');
           create domain raw.small as decimal(3);
           create domain public."order" as text;
         end $$`,
      );
      const spellings = [
        ...[
          'int',
          'raw."Weird Type"',
          'RAW."Weird Type"[]',
          'public.mood',
          'mood',
          'Mood',
          '"mood"',
          'mood array',
          'raw.small',
          '"order"',
        ],
        ...[
          'decimal(10)',
          'dec(5, 2)',
          'numeric',
          'float(24)',
          'float(25)',
          'float',
          'real',
          '_int4',
          'int array',
          'int array[3]',
          'int[3][3]',
        ],
        ...[
          'timestamp(3) with time zone',
          'timestamp (3)',
          'timestamptz(2)',
          'time(2)',
          'bit varying',
          'bit varying(3)',
          'bit',
          'varbit(2)',
        ],
        ...[
          'character varying',
          'char varying(4)',
          'national character varying (4)',
          'nchar(2)',
          'bpchar',
          '"char"',
          'pg_catalog.int4',
        ],
        ...[
          'interval day to second(3)',
          'interval year',
          'interval(2)',
          'pg_catalog.varchar(3)',
          'name',
          'int4range',
          '_text',
          'INT8',
          'string',
        ],
      ];
      const real = (type: string) => (type === 'string' ? 'text' : type);
      project.write({
        'models/m.sql':
          `select ${spellings.map((type, index) => `null::${real(type)} as c${index}`).join(', ')}`.replace(
            'null::int as c0',
            '1::int as c0',
          ),
        'models/m.yml': promise(Object.fromEntries(spellings.map((type, index) => [`c${index}`, `'${type}'`])), config),
      });
      const build = async () => resultOf(await project.run(database.warehouse), 'm');
      expect((await build()).error?.message).toBeUndefined();
      expect((await build()).error?.message).toBeUndefined();
      project.write({
        'models/m.yml': promise({ c0: '\'raw."Weird Type"\'', c1: 'decimal(11)', c2: 'moody' }, config),
      });
      project.write({
        'models/m.sql': `select null::public.mood as c0, null::decimal(10) as c1, null::public.mood as c2`,
      });
      expect((await build()).error?.message).toBe(
        `m breaks its contract:
  c0: declared raw."Weird Type", but the query yields mood
  c1: declared decimal(11), but the query yields numeric(10,0)
  c2: declared moody, but the query yields mood`,
      );
    },
  );

  it('a seed whose types are spelt in another way is not altered by every build', async () => {
    project.write({
      'models/m.sql': 'select 1 as id',
      'seeds/s.csv': 'a,b,c\n1,1.5,"{1,2}"\n',
      'seeds/s.yml': `seeds: [{ name: s, config: { column_types: { b: float(24) } }, columns: [{ name: a, data_type: dec(10) }, { name: c, data_type: _int4 }] }]`,
    });
    const build = async () => resultOf(await project.run(database.warehouse, { command: 'build' }), 's');
    expect((await build()).error?.message).toBeUndefined();
    expect(await build()).toMatchObject({ error: undefined, inserted: 0, deleted: 0 });
    const { rows } = await database.warehouse.query(`select generation from datacycle.model where model = 's'`);
    expect(rows).toEqual([{ generation: 1 }]);
  });

  const followed = `select id, name
from {{source "raw" "rooms"}}
{{#incremental}}where load_id > {{high_water "raw.rooms"}}{{/incremental}}`;
  const kinds: readonly [string, string, string?][] = [
    ['a view', 'materialized: view'],
    ['a table', 'materialized: table'],
    ['an incremental model', 'materialized: incremental, unique_key: id'],
    ['an incremental model with nothing new', 'materialized: incremental, unique_key: id', followed],
    ['a snapshot', 'materialized: snapshot, unique_key: id, strategy: check, check_cols: all'],
  ];

  it.each(kinds)(
    '%s is held to it when it is made, and when the contract alone changes',
    async (_name, config, sql) => {
      if (sql !== undefined) project.write({ 'models/m.sql': sql });
      project.write({ 'models/m.yml': promise(broken, config) });
      const first = resultOf(await project.run(database.warehouse), 'm');
      expect(first.error?.message).toBe(complaint);
      expect(first.error).toMatchObject({ where: expect.stringMatching(/^models\/m\.yml:6:/) });
      expect(await rowsOf(database.warehouse, `select to_regclass('public.m') is null as absent`)).toEqual([
        { absent: true },
      ]);

      project.write({ 'models/m.yml': promise(kept, config) });
      expect(resultOf(await project.run(database.warehouse), 'm').status).toBe('success');
      expect(resultOf(await project.run(database.warehouse), 'm').status).toBe('success');
      project.write({ 'models/m.yml': promise(broken, config) });
      const again = resultOf(await project.run(database.warehouse), 'm');
      expect(again.error?.message).toBe(complaint);
    },
  );

  it('columns that an incremental table has kept are no breach: what its query yields counts', async () => {
    const config = 'materialized: incremental, unique_key: id, full_refresh: false';
    project.write({
      'models/m.sql': followed.replace('name', 'name, load_id'),
      'models/m.yml': promise({ ...kept, load_id: 'integer' }, config),
    });
    await project.run(database.warehouse);
    project.write({ 'models/m.sql': followed, 'models/m.yml': promise(kept, config) });
    for (let run = 0; run < 2; run += 1)
      expect(resultOf(await project.run(database.warehouse), 'm')).toMatchObject({ error: undefined });
  });

  it('a seed is held to it, all differences in one message', async () => {
    project.remove('models/m.sql');
    project.write({ 'seeds/m.csv': 'id,floor\n1,2\n', 'seeds/m.yml': promise(broken, '', 'seeds') });
    const { error } = resultOf(await project.run(database.warehouse), 'm');
    expect(error?.message).toBe(
      `m breaks its contract:
  name: declared, but not in the file
  size: declared, but not in the file
  floor: in the file (integer), but not declared`,
    );
  });
});
