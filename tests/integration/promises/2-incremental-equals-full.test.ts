import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../../warehouse/warehouse.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';

/** One thing that happens to the data; runs come in between. */
type Change =
  | { readonly type: 'load'; readonly rows: readonly { room: string; minute: number; value: number }[] }
  | { readonly type: 'seed'; readonly uppers: readonly (number | undefined)[] }
  | { readonly type: 'full refresh' };

const rooms = ['a', 'b', 'c'] as const;

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(
        // Few minutes and rooms, so that corrections and late rows are the rule.
        fc.record({ room: fc.constantFrom(...rooms), minute: fc.nat(5), value: fc.nat(9) }),
        { maxLength: 6 },
      )
      .map((rows): Change => ({ type: 'load', rows })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.option(fc.nat(9), { nil: undefined }), fc.nat(9), fc.nat(9))
      .map((uppers): Change => ({ type: 'seed', uppers })),
  },
  { weight: 1, arbitrary: fc.constant<Change>({ type: 'full refresh' }) },
);

const history = fc.array(fc.record({ change, run: fc.boolean() }), { minLength: 1, maxLength: 6 });

const files = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  // The newest version of every minute of a room.
  'models/latest.sql': `{{config materialized="incremental" unique_key="room, minute" audit_columns="load_id"}}
select distinct on (room, minute) room, minute, value, load_id
from {{source "raw" "events"}}
{{#incremental}}
where (room, minute) in (select room, minute from {{source "raw" "events"}} where load_id > {{high_water "raw.events"}})
{{/incremental}}
order by room, minute, load_id desc, row_no desc`,
  'models/log.sql': `{{config materialized="incremental" incremental_strategy="append"}}
select room, minute, value, load_id
from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{/incremental}}`,
  'models/dim_room.sql': `{{config materialized="incremental" unique_key="room" surrogate_key="room_key"}}
select distinct room
from {{ref "latest"}}
{{#incremental}}
where load_id > {{high_water "latest"}}
{{/incremental}}`,
  'models/flagged.sql': `{{config materialized="incremental" unique_key="room, minute" audit_columns="load_id"}}
select l.room, l.minute, l.value, l.value > b.upper as is_high, l.load_id
from {{ref "newest"}} as l
left join {{ref "bounds"}} as b using (room)
{{#incremental}}
where l.load_id > {{high_water "latest"}}
{{/incremental}}`,
  'models/newest.sql': '{{config materialized="ephemeral"}}select * from {{ref "latest"}}',
  'models/by_room.sql': `{{config materialized="incremental" incremental_strategy="delete+insert" unique_key="room"}}
select room, count(*) as minutes, count(*) filter (where is_high) as high, max(load_id) as load_id
from {{ref "flagged"}}
{{#incremental}}
where room in (select room from {{ref "flagged"}} where load_id > {{high_water "flagged"}})
{{/incremental}}
group by room`,
  'models/fact.sql': `{{config materialized="incremental" unique_key="room_key, minute" audit_columns="load_id"}}
select d.room_key, f.minute, f.value, f.is_high, r.high as high_in_room, greatest(f.load_id, r.load_id) as load_id
from {{ref "flagged"}} as f
join {{ref "dim_room"}} as d using (room)
join {{ref "by_room"}} as r using (room)
{{#incremental}}
where f.load_id > {{high_water "flagged"}} or r.load_id > {{high_water "by_room"}}
{{/incremental}}`,
  'models/fact.yml':
    "models: [{ name: fact, constraints: [{ type: foreign_key, columns: room_key, to: ref('dim_room') }] }]",
  'models/total.sql': `{{config materialized="table"}}
select minute, count(*) as rooms, sum(value) as value from {{ref "fact_view"}} group by minute`,
  'models/fact_view.sql': 'select * from {{ref "fact"}}',
};

const tables: Readonly<Record<string, string>> = {
  latest: 'room, minute, value',
  log: 'room, minute, value, load_id',
  dim_room: 'room',
  flagged: 'room, minute, value, is_high',
  by_room: 'room, minutes, high',
  fact: 'minute, value, is_high, high_in_room, (select room from public.dim_room as d where d.room_key = t.room_key) as room',
  total: 'minute, rooms, value',
};

describe.each(oneDatabase)('2: incremental equals full refresh, on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  async function contents(): Promise<Record<string, readonly Row[]>> {
    const found: Record<string, readonly Row[]> = {};
    for (const [table, columns] of Object.entries(tables)) {
      const places = Array.from({ length: columns.replace(/\(.*?\)/g, '').split(',').length }, (_, index) => index + 1);
      found[table] = await rowsOf(
        database.warehouse,
        `select ${columns} from public.${table} as t order by ${places.join(', ')}`,
      );
    }
    return found;
  }

  const keys = () => rowsOf(database.warehouse, 'select room, room_key from public.dim_room order by room');

  async function clear(schemas: readonly string[]): Promise<void> {
    for (const schema of schemas) await database.warehouse.query(`drop schema if exists ${schema} cascade`);
    await database.warehouse.query('create schema if not exists public');
  }

  async function play(steps: readonly { change: Change; run: boolean }[]): Promise<void> {
    const project = new TemporaryProject({ ...files, 'seeds/bounds.csv': 'room,upper\na,5\nb,5\nc,5\n' });
    const run = async (fullRefresh = false) => {
      const summary = await project.run(database.warehouse, { fullRefresh });
      expect(summary.results.flatMap((result) => result.error ?? [])).toEqual([]);
    };
    try {
      await clear(['raw', 'public', 'seeds', 'datacycle']);
      await database.warehouse.query('create schema raw');
      await database.warehouse.query(
        'create table raw.events (load_id bigint, row_no int, room text, minute int, value int)',
      );
      for (const [index, step] of steps.entries()) {
        if (step.change.type === 'load')
          for (const [number, { room, minute, value }] of step.change.rows.entries())
            await database.warehouse.query('insert into raw.events values ($1, $2, $3, $4, $5)', [
              index + 1,
              number,
              room,
              minute,
              value,
            ]);
        if (step.change.type === 'seed') {
          const lines = rooms.flatMap((room, place) => {
            const upper = step.change.type === 'seed' ? step.change.uppers[place] : undefined;
            return upper === undefined ? [] : [`${room},${upper}\n`];
          });
          project.write({ 'seeds/bounds.csv': `room,upper\n${lines.join('')}` });
        }
        if (step.change.type === 'full refresh') await run(true);
        else if (step.run) await run();
      }
      await run();
      const incremental = await contents();
      const given = await keys();
      await run(true);
      expect(await contents()).toEqual(incremental);
      expect(await keys()).toEqual(given);
      await clear(['public', 'seeds', 'datacycle']);
      await run();
      expect(await contents()).toEqual(incremental);
    } finally {
      project.dispose();
    }
  }

  it('after any order of batches, late rows, corrections and edits of a seed, through chains of incremental models', async () => {
    await fc.assert(fc.asyncProperty(history, play), { numRuns: rounds({ gate: 5, long: 50 }) });
  }, 600_000);

  it('after a bound was taken away, a correction, and a run without anything new', async () => {
    await play([
      {
        change: {
          type: 'load',
          rows: [
            { room: 'a', minute: 3, value: 9 },
            { room: 'b', minute: 0, value: 1 },
          ],
        },
        run: true,
      },
      { change: { type: 'seed', uppers: [undefined, 0, 0] }, run: true },
      { change: { type: 'load', rows: [] }, run: true },
      {
        change: {
          type: 'load',
          rows: [
            { room: 'a', minute: 3, value: 0 },
            { room: 'c', minute: 0, value: 1 },
          ],
        },
        run: false,
      },
      { change: { type: 'load', rows: [{ room: 'a', minute: 1, value: 7 }] }, run: true },
    ]);
  });
});
