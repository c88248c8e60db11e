import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';

interface Shape {
  readonly sql?: string;
  readonly materialized?: string;
  readonly view?: string;
  readonly description?: string;
  readonly columns?: string;
}

const area = '{ name: area, data_type: double precision, description: How big it is, bi: { name: Area (m²) } }';
const key = '{ name: room_key, data_type: integer, description: The key }';

/** A table `room` that Power BI sees, with one row. */
function room({ sql = '1 as room_key, 2.5::float8 as area', view = 'All rooms', ...rest }: Shape = {}) {
  return {
    'models/room.sql': `{{config materialized="${rest.materialized ?? 'table'}"}}select ${sql}`,
    'models/room.yml': `models:
  - name: room
    description: ${rest.description ?? 'Rooms'}
    bi: { name: ${view} }
    config: { contract: { enforced: true } }
    columns: [${rest.columns ?? `${key}, ${area}`}]
`,
  };
}

describe.each(oneDatabase)('the view of a model for Power BI on $name', (kind) => {
  const reader = `reader_${Math.random().toString(36).slice(2)}`;
  let database: TestDatabase;
  let project: TemporaryProject;
  const query = (sql: string) => database.warehouse.query(sql);
  const rows = (sql: string) => rowsOf(database.warehouse, sql);
  const run = async (): Promise<Readonly<Record<string, string>>> => {
    const summary = await project.run(database.warehouse);
    expect(summary.results.flatMap((result) => result.error?.message ?? [])).toEqual([]);
    return Object.fromEntries(summary.results.map((result) => [result.node.name, result.message]));
  };
  /** What the reader sees in a view. */
  const read = (view: string) =>
    database.warehouse.transaction(async (session) => {
      await session.query(`set local role ${reader}`);
      return (await session.query(`select * from bi."${view}"`)).rows;
    });
  const comments = async (name: string) =>
    (
      await rows(
        `select coalesce(a.attname, '') as name, d.description from pg_description d
         left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
         where d.classoid = 'pg_class'::regclass and d.objoid = '${name}'::regclass order by d.objsubid`,
      )
    ).map((row) => [row.name, row.description]);

  beforeAll(async () => {
    database = await kind.open();
    await query(`create role ${reader}`);
  });
  afterAll(async () => {
    await query(`drop owned by ${reader}`);
    await query(`drop role ${reader}`);
    await database.drop();
  });
  beforeEach(async () => {
    for (const schema of ['datacycle', 'public', 'bi']) await query(`drop schema if exists ${schema} cascade`);
    await query('create schema public');
    project = new TemporaryProject(room());
    expect(await run()).toEqual({ room: 'created', bi_room: 'view created' });
    await query(`grant usage on schema public, bi to ${reader}`);
    await query(`grant select on public.room, bi."All rooms" to ${reader}`);
    expect(await read('All rooms')).toEqual([{ 'Room key': 1, 'Area (m²)': 2.5 }]);
  });
  afterEach(() => project.dispose());

  it('is left alone while nothing changes', async () => {
    const oid = await rows(`select 'bi."All rooms"'::regclass::oid`);
    expect(await run()).toMatchObject({ bi_room: 'unchanged' });
    expect(await rows(`select 'bi."All rooms"'::regclass::oid`)).toEqual(oid);
  });

  it('takes a new column on at its end, and who reads it goes on reading', async () => {
    const oid = await rows(`select 'bi."All rooms"'::regclass::oid`);
    project.write(
      room({
        sql: `1 as room_key, 2.5::float8 as area, timestamptz '2024-07-01T12:00Z' as seen`,
        columns: `${key}, ${area}, { name: seen, data_type: timestamptz }`,
      }),
    );
    expect(await run()).toMatchObject({ bi_room: 'view replaced' });
    expect(await read('All rooms')).toEqual([
      { 'Room key': 1, 'Area (m²)': 2.5, 'Seen (UTC)': expect.anything(), 'Seen (local)': expect.anything() },
    ]);
    expect(await rows(`select "Seen (UTC)"::text as utc, "Seen (local)"::text as local from bi."All rooms"`)).toEqual([
      { utc: '2024-07-01 12:00:00', local: '2024-07-01 14:00:00' },
    ]);
    expect(await rows(`select 'bi."All rooms"'::regclass::oid`)).toEqual(oid);
  });

  it('gets another name of a column, and keeps its grants', async () => {
    project.write(room({ columns: `${key}, ${area.replace('Area (m²)', 'Size')}` }));
    expect(await run()).toEqual({ room: 'nothing that it reads has changed', bi_room: 'view replaced' });
    expect(await read('All rooms')).toEqual([{ 'Room key': 1, Size: 2.5 }]);
    expect(await comments('bi."All rooms"')).toContainEqual(['Size', 'How big it is']);
  });

  it('gets another name itself, keeps its grants and leaves nothing under the old one', async () => {
    project.write(room({ view: 'Every "room"' }));
    expect(await run()).toEqual({ room: 'nothing that it reads has changed', bi_room: 'view replaced' });
    expect(await read('Every ""room""')).toEqual([{ 'Room key': 1, 'Area (m²)': 2.5 }]);
    expect(await rows(`select relname from pg_class where relnamespace = 'bi'::regnamespace`)).toEqual([
      { relname: 'Every "room"' },
    ]);
    expect(await run()).toMatchObject({ bi_room: 'unchanged' });
  });

  it.each<[string, Shape]>([
    [
      'a column gets another type',
      { sql: '1::bigint as room_key, 2.5::float8 as area', columns: `${key.replace('integer', 'bigint')}, ${area}` },
    ],
    ['a column goes', { sql: '2.5::float8 as area', columns: area }],
    [
      'a column gets another name',
      { sql: '1 as room_no, 2.5::float8 as area', columns: `${key.replace('room_key', 'room_no')}, ${area}` },
    ],
    ['it becomes a view', { materialized: 'view' }],
  ])('does not hinder its model: %s', async (_, shape) => {
    await query(`comment on column bi."All rooms"."Area (m²)" is 'by hand'`);
    project.write(room(shape));
    await run();
    expect(await read('All rooms')).toMatchObject([{ 'Area (m²)': 2.5 }]);
    expect(await comments('bi."All rooms"')).toContainEqual(['Area (m²)', 'How big it is']);
    // And back.
    project.write(room());
    await run();
    expect(await read('All rooms')).toEqual([{ 'Room key': 1, 'Area (m²)': 2.5 }]);
    expect(await run()).toMatchObject({ bi_room: 'unchanged' });
  });

  it('takes nothing away from a model whose new rows fail', async () => {
    project.write(
      room({
        sql: '1::bigint as room_key, (1 / 0)::float8 as area',
        columns: `${key.replace('integer', 'bigint')}, ${area}`,
      }),
    );
    expect((await project.run(database.warehouse)).ok).toBe(false);
    expect(await read('All rooms')).toEqual([{ 'Room key': 1, 'Area (m²)': 2.5 }]);
  });

  it('says with the place in the .yml what the model does not have', async () => {
    project.write({
      'models/room.yml': room({ columns: `${key}, { name: aera, data_type: double precision }` })[
        'models/room.yml'
      ].replace('enforced: true', 'enforced: false'),
    });
    const summary = await project.run(database.warehouse);
    expect(summary.results.find(({ node }) => node.name === 'bi_room')?.error).toMatchObject({
      message: 'bi_room: column "aera" does not exist',
      where: 'models/room.yml:6:85',
    });
  });

  it('has the descriptions as comments, changed alone as well; what people wrote where there is none stays', async () => {
    const both = [
      ['', 'Rooms'],
      ['room_key', 'The key'],
      ['area', 'How big it is'],
    ];
    expect(await comments('public.room')).toEqual(both);
    project.write(
      room({
        description: "Peter's rooms",
        columns: `${key.replace(', description: The key', '')}, ${area.replace('How big it is', 'Size \\ m²')}`,
      }),
    );
    await query(`comment on column public.room.room_key is 'by hand'`);
    expect(await run()).toEqual({ room: 'nothing that it reads has changed', bi_room: 'unchanged' });
    expect(await comments('public.room')).toEqual([
      ['', "Peter's rooms"],
      ['room_key', 'by hand'],
      ['area', 'Size \\ m²'],
    ]);
    expect(await comments('bi."All rooms"')).toEqual([
      ['', "Peter's rooms"],
      ['Room key', 'The key'],
      ['Area (m²)', 'Size \\ m²'],
    ]);
  });
});
