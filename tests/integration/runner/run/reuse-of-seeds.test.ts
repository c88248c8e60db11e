import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const merged = (query: string) => `{{config materialized="incremental" unique_key="room"}}\n${query}`;
const files = {
  'seeds/rooms.csv': 'room,floor\nkitchen,0\nbath,1\n',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: counted }] }]',
  'models/by_key.sql': merged('select room, floor from {{ref "rooms"}}'),
  'models/appended.sql':
    '{{config materialized="incremental" incremental_strategy="append"}}\nselect room from {{ref "rooms"}}',
  'models/of_itself.sql': merged(
    'select room, 1{{#incremental}} + coalesce((select max(t.runs) from {{this}} as t), 0){{/incremental}} as runs from {{ref "rooms"}}',
  ),
  'models/of_the_time.sql': merged(
    'select room, {{#incremental}}extract(year from now())::int{{else}}1{{/incremental}} as year from {{ref "rooms"}}',
  ),
  'models/of_a_source.sql': merged('select room from {{source "raw" "counted"}}'),
};
const seedLeft = 'its file has not changed';
const left = 'nothing that it reads has changed';

describe.each(oneDatabase)('seeds, and models that follow no load, on $name', (kind) => {
  const statements = ['create table raw.counted (room text)', `insert into raw.counted values ('attic')`];
  const { database, project, run, rows } = projectOn(kind, files, statements);
  const rooms = () => rows('select room, floor::text from seeds.rooms order by 1');
  const byKey = () => rows('select room, floor::text from public.by_key order by 1');

  it('are left as they are where what they read has the same rows, and their SQL says the same of them', async () => {
    expect(await run()).toMatchObject({ rooms: 'created', by_key: 'created' });
    expect(await run()).toEqual({
      rooms: seedLeft,
      by_key: left,
      appended: '',
      of_itself: '',
      of_the_time: '',
      of_a_source: '',
    });
    expect(await rows('select max(runs) as runs from public.of_itself')).toEqual([{ runs: 2 }]);
    project.write({ 'seeds/rooms.csv': 'room,floor\nkitchen,0\nbath,2\n' });
    expect(await run()).toMatchObject({ rooms: '', by_key: expect.stringContaining('rooms was rebuilt or changed') });
    expect(await byKey()).toEqual([
      { room: 'bath', floor: '2' },
      { room: 'kitchen', floor: '0' },
    ]);
    expect(await run()).toMatchObject({ rooms: seedLeft, by_key: left });
  });

  it('are loaded again for another setting of the seed, a description aside', async () => {
    await run();
    const described = (more: string) =>
      project.write({ 'seeds/seeds.yml': `seeds: [{ name: rooms, description: Of a house${more} }]` });
    described('');
    expect(await run()).toMatchObject({ rooms: seedLeft });
    const comment = await rows(`select obj_description('seeds.rooms'::regclass, 'pg_class') as text`);
    expect(comment).toEqual([{ text: 'Of a house' }]);
    described(', config: { column_types: { floor: text } }');
    expect(await run()).toMatchObject({ rooms: '' });
    expect(await rows(`select pg_typeof(floor)::text as type from seeds.rooms limit 1`)).toEqual([{ type: 'text' }]);
    described(
      ', config: { column_types: { floor: text } }, columns: [{ name: room, constraints: [{ type: not_null }] }]',
    );
    await run();
    await expect(database.warehouse.query('insert into seeds.rooms values (null, null)')).rejects.toThrow('null');
  });

  it('are repaired by --no-reuse where rows were changed by hand, and by --full-refresh', async () => {
    for (const options of [{ reuse: false }, { fullRefresh: true }]) {
      await run();
      await database.warehouse.query(`delete from seeds.rooms where room = 'bath'`);
      await run();
      expect(await rooms()).toHaveLength(1);
      await run(options);
      expect(await rooms()).toHaveLength(2);
      expect(await byKey()).toHaveLength(2);
    }
  });

  it('are loaded again after a row had to stay because of a foreign key', async () => {
    const sites = (text: string) => project.write({ 'seeds/rooms.csv': text });
    project.write({
      'seeds/seeds.yml': 'seeds: [{ name: rooms, config: { unique_key: room } }]',
      'models/visits.sql': `{{config materialized="incremental" incremental_strategy="append"}}\nselect 'bath' as room{{#incremental}} where false{{/incremental}}`,
      'models/visits.yml': `models: [{ name: visits, columns: [{ name: room, constraints: [{ type: foreign_key, to: ref('rooms'), to_columns: [room] }] }] }]`,
    });
    await run();
    sites('room,floor\nkitchen,0\n');
    await run();
    expect(await rooms()).toHaveLength(2);
    await database.warehouse.query('delete from public.visits');
    await run();
    expect(await rooms()).toEqual([{ room: 'kitchen', floor: '0' }]);
    await run();
    expect(await run()).toMatchObject({ rooms: seedLeft });
  });
});
