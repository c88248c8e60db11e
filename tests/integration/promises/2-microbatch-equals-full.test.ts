import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';

const zone = 'Europe/Zurich';
const hour = 3_600_000;
/** Two days before clocks are set back. */
const beginning = Date.parse('2023-10-27T00:00:00Z');

/** What happens between two runs; hours are counted back from the run before, or from now. */
interface Step {
  /** By how much the clock goes on. */
  readonly passed: number;
  readonly arrivals: readonly { readonly room: string; readonly ago: number; readonly value: number }[];
  /** What arrived in these hours is corrected, or goes. */
  readonly corrected: { readonly ago: number; readonly value: number | undefined } | undefined;
  /** Something that is older than what is looked at again, followed by a backfill of its day. */
  readonly late: { readonly room: string; readonly ago: number; readonly value: number } | undefined;
  readonly only: 'readings' | undefined;
  readonly fullRefresh: boolean;
}

const reading = { room: fc.constantFrom('a', 'b'), value: fc.nat(9) };
const step: fc.Arbitrary<Omit<Step, 'fullRefresh'>> = fc.record({
  passed: fc.nat(60),
  arrivals: fc.array(fc.record({ ...reading, ago: fc.nat(40) }), { maxLength: 5 }),
  corrected: fc.option(fc.record({ ago: fc.nat(24), value: fc.option(fc.nat(9), { nil: undefined }) }), {
    nil: undefined,
  }),
  late: fc.option(fc.record({ ...reading, ago: fc.integer({ min: 48, max: 80 }) }), { nil: undefined, freq: 3 }),
  only: fc.constantFrom('readings', undefined, undefined),
});
const history = fc.array(
  fc.tuple(step, fc.nat(7)).map(([one, dice]): Step => ({ ...one, fullRefresh: dice === 0 })),
  { minLength: 1, maxLength: 5 },
);

const batches = (config: string) =>
  `{{config materialized="incremental" incremental_strategy="microbatch" begin="2023-10-26" time_zone="${zone}" ${config}}}`;
const files = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events, event_time: at }] }]',
  'models/readings.sql': `${batches('event_time="at" batch_size="day" lookback=2 unique_key="room, at" audit_columns="load_id"')}
select distinct on (room, at) room, at, value, load_id
from {{source "raw" "events"}}
order by room, at, load_id desc, row_no desc`,
  'models/hourly.sql': `${batches('event_time="at" batch_size="hour" lookback=0')}
select room, date_trunc('hour', at) as at, sum(value) as value, {{batch_end}} as until
from {{ref "readings"}}
group by 1, 2`,
  'models/daily.sql': `${batches('event_time="day" batch_size="day" lookback=0 unique_key="day, room"')}
select (at at time zone '${zone}')::date as day, room, count(*) as hours, sum(value) as value
from {{ref "hourly"}} as h
group by 1, 2`,
  'models/copy.sql': `{{config materialized="incremental" unique_key="room, at" audit_columns="load_id"}}
select room, at, value, load_id from {{ref "readings"}}
{{#incremental}}where load_id > {{high_water "readings"}}{{/incremental}}`,
  'models/weekly.sql': `{{config materialized="incremental" unique_key="room"}}
select room, sum(value) as value from {{ref "daily"}} group by room`,
};
const tables: Readonly<Record<string, string>> = {
  readings: 'room, at, value',
  hourly: 'room, at, value, until',
  daily: 'day, room, hours, value',
  copy: 'room, at, value',
  weekly: 'room, value',
};

describe.each(oneDatabase)('batches equal a full refresh, on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  async function contents(): Promise<object> {
    const found: Record<string, unknown> = {};
    for (const [table, columns] of Object.entries(tables))
      found[table] = await rowsOf(database.warehouse, `select ${columns} from public.${table} order by ${columns}`);
    return found;
  }

  async function play(steps: readonly Step[]): Promise<void> {
    const { warehouse } = database;
    const project = new TemporaryProject(files);
    for (const schema of ['raw', 'public', 'datacycle'])
      await warehouse.query(`drop schema if exists ${schema} cascade`);
    for (const schema of ['raw', 'public']) await warehouse.query(`create schema ${schema}`);
    await warehouse.query('create table raw.events (load_id bigint, row_no int, room text, at timestamptz, value int)');
    let now = beginning;
    let loads = 0;
    const run = async (options: Parameters<TemporaryProject['run']>[1] = {}) => {
      const summary = await project.run(warehouse, { now: new Date(now), ...options });
      expect(summary.results.flatMap(({ error }) => error ?? [])).toEqual([]);
    };
    const land = async (rows: readonly { room: string; at: number; value: number }[]) => {
      loads += 1;
      for (const [number, { room, at, value }] of rows.entries())
        await warehouse.query('insert into raw.events values ($1, $2, $3, $4, $5)', [
          loads,
          number,
          room,
          new Date(at).toISOString(),
          value,
        ]);
    };
    try {
      await run();
      for (const { passed, arrivals, corrected, late, only, fullRefresh } of steps) {
        const before = now;
        now += passed * hour;
        await land(
          arrivals.map(({ room, ago, value }) => ({ room, value, at: Math.max(before - 40 * hour, now - ago * hour) })),
        );
        if (corrected !== undefined) {
          const since = new Date(before - corrected.ago * hour).toISOString();
          if (corrected.value === undefined)
            await warehouse.query('delete from raw.events where at >= $1 and value > 4', [since]);
          else await warehouse.query('update raw.events set value = $2 where at >= $1', [since, corrected.value]);
        }
        if (late !== undefined) {
          const at = now - late.ago * hour;
          await land([{ ...late, at }]);
          const range = { start: new Date(at).toISOString(), end: new Date(at + 1000).toISOString() };
          await run({ range, select: ['readings'] });
        }
        await run({ fullRefresh, select: only === undefined ? [] : [only] });
      }
      await run();
      const incremental = await contents();
      await run({ fullRefresh: true });
      expect(await contents()).toEqual(incremental);
      await warehouse.query('drop schema datacycle cascade');
      await warehouse.query('drop schema public cascade');
      await warehouse.query('create schema public');
      await run();
      expect(await contents()).toEqual(incremental);
    } finally {
      project.dispose();
    }
  }

  it('after rows that come in late, corrections, backfills, and days without a run, through a chain of models', async () => {
    await fc.assert(fc.asyncProperty(history, play), { numRuns: rounds({ gate: 3, long: 30 }) });
  }, 600_000);
});
