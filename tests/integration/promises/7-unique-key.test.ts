import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { eventsOn, newLoads } from '../project-on.ts';
import { resultOf } from '../temporary-project.ts';

describe.each(oneDatabase)(
  '7: a NULL or a duplicate in unique_key fails the model with the offending key, on $name',
  (kind) => {
    const { database, project, rows, land } = eventsOn(kind);
    const select = 'select id, room from {{source "raw" "events"}}';
    it.each([
      ['a table', 'materialized="table" unique_key="id"'],
      ['a table with a surrogate key', 'materialized="table" unique_key="id" surrogate_key="k"'],
      ['a merge', 'materialized="incremental" unique_key="id"'],
      ['a merge with a surrogate key', 'materialized="incremental" unique_key="id" surrogate_key="k"'],
      ['a delete+insert', 'materialized="incremental" incremental_strategy="delete+insert" unique_key="id"'],
      ['an append with a key', 'materialized="incremental" incremental_strategy="append" unique_key="id"'],
    ])('in %s, which keeps its rows', async (_name, config) => {
      project.write({
        'models/m.sql': `{{config ${config}}}${select} ${config.includes('incremental') ? newLoads : ''}`,
      });
      await land(1, `(1, 'a', 1.0)`);
      expect((await project.run(database.warehouse)).ok).toBe(true);
      for (const [bad, message] of [
        [`(null::int, 'b', 1.0)`, 'unique_key of m is NULL in (id=NULL)'],
        [`(7, 'b', 1.0), (7, 'c', 1.0)`, 'unique_key of m is not unique: (id=7) is duplicated in 2 rows'],
      ] as const) {
        for (const fullRefresh of [false, true]) {
          await database.warehouse.query('delete from raw.events where load_id = 2');
          await land(2, bad);
          const result = resultOf(await project.run(database.warehouse, { fullRefresh }), 'm');
          expect(result.error?.message).toBe(message);
          expect(await rows('select id, room from public.m')).toEqual([{ id: 1, room: 'a' }]);
        }
      }
    });

    it.each([
      ['NULL', 'id,room\n1,a\n,b\n', 'unique_key of rooms is NULL in (id=NULL)'],
      ['doubled', 'id,room\n1,a\n1,b\n', 'unique_key of rooms is not unique: (id=1) is duplicated in 2 rows'],
    ])('in a seed (%s), also on its first load', async (_name, csv, message) => {
      project.write({
        'seeds/rooms.csv': csv,
        'seeds/rooms.yml': 'seeds: [{ name: rooms, config: { unique_key: id } }]',
      });
      expect(resultOf(await project.run(database.warehouse), 'rooms').error?.message).toBe(message);
      expect(await rows(`select to_regclass('seeds.rooms') as there`)).toEqual([{ there: null }]);
    });

    it.each([
      [`'{"n": 12345678901234567890}'::jsonb`, '{"n": 12345678901234567890}'],
      [`array[date '2023-08-01']`, '{2023-08-01}'],
      [`'\\x00ff'::bytea`, '\\x00ff'],
    ])("as PostgreSQL's text: %s", async (value, text) => {
      const model = (rows: number) => ({
        'models/m.sql': `{{config materialized="table" unique_key="k"}}select ${value} as k from generate_series(1, ${rows})`,
      });
      project.write(model(1));
      expect((await project.run(database.warehouse)).ok).toBe(true);
      project.write(model(2));
      const { error } = resultOf(await project.run(database.warehouse), 'm');
      expect(error?.message).toBe(`unique_key of m is not unique: (k=${text}) is duplicated in 2 rows`);
    });
  },
);
