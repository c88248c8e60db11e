import { beforeEach, describe, expect, it } from 'vitest';
import { verifiedByDefault, verifyModels } from '../../../../runner/verify/verify.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf, type TemporaryProject } from '../../temporary-project.ts';

const daily = `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2023-08-30" unique_key="room, at"}}
select room, at, 10 / value as value from {{source "raw" "events"}}`;
const monthly = 'partition_by: { column: at, granularity: month }';

describe.each(oneDatabase)('microbatch into partitions on $name', (kind) => {
  const {
    database,
    project,
    rows: query,
  } = projectOn(
    kind,
    {
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events, event_time: at }] }]',
      'models/readings.sql': daily,
    },
    ['create schema byhand', 'create table raw.events (load_id bigint, room text, at timestamptz, value int)'],
  );
  beforeEach(async () => {
    await land(`('a', '2023-08-31 10:00+00', 1), ('a', '2023-09-01 10:00+00', 2), ('b', '2023-09-02 10:00+00', 5)`);
  });

  const land = (rows: string) =>
    query(
      `insert into raw.events select 1, v.room, v.at::timestamptz, v.value from (values ${rows}) as v (room, at, value)`,
    );
  const run = async (partitionBy: string, options: Parameters<TemporaryProject['run']>[1] = {}) => {
    project.write({
      'models/readings.yml': `models: [{ name: readings, config: { indexes: [{ columns: room }], ${partitionBy} } }]`,
    });
    const summary = await project.run(database.warehouse, { now: new Date('2023-09-03T12:00Z'), ...options });
    const { status, inserted, updated, deleted } = resultOf(summary, 'readings');
    return `${status} +${inserted} ~${updated} -${deleted}`;
  };
  const partitions = async () =>
    (
      await query(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'readings'::regclass order by 1`,
      )
    ).map(({ name }) => name);
  const verdicts = async () => {
    const compiled = project.compile();
    const selected = verifiedByDefault(compiled.manifest);
    const options = { selected, limit: 5, clock: () => new Date(), onVerified: () => undefined };
    return (await verifyModels(compiled, database.warehouse, options)).map(({ verdict }) => verdict.status);
  };

  it('makes the partitions that batches need, and applies what is different in them', async () => {
    expect(await run(monthly)).toBe('success +3 ~0 -0');
    expect(await partitions()).toEqual(['readings_2023_08', 'readings_2023_09']);
    await query(`update raw.events set value = 10 where room = 'b'`);
    await land(`('c', '2023-09-03 10:00+00', 1)`);
    expect(await run(monthly)).toBe('success +1 ~1 -0');
    await land(`('c', '2023-10-01 10:00+00', 1)`);
    await query(`delete from raw.events where room = 'b'`);
    expect(await run(monthly, { fullRefresh: true, now: new Date('2023-10-01T12:00Z') })).toBe('success +1 ~0 -1');
    expect(await partitions()).toEqual(['readings_2023_08', 'readings_2023_09', 'readings_2023_10']);
    expect(await verdicts()).toEqual(['equal']);
  });

  it('takes the place of a view', async () => {
    await query('create view readings as select room, at, value from raw.events');
    // They get their surrogate keys.
    expect(await run(monthly)).toBe('success +0 ~3 -0');
    expect(await query('select count(*)::int as rows from readings')).toEqual([{ rows: 3 }]);
    expect(await partitions()).toEqual(['readings_2023_08', 'readings_2023_09']);
  });

  it('moves into another table where the partitioning changes, with all that it had, although a batch fails', async () => {
    await run('');
    await query('create view byhand.seen as select room, value from readings');
    await query(`comment on table readings is 'by hand'`);
    const asFound = () =>
      query(`select
          (select jsonb_agg(to_jsonb(t) order by at) from readings as t) as rows,
          (select count(*)::int from byhand.seen) as seen,
          obj_description('readings'::regclass) as said,
          (select jsonb_agg(x order by x) from (
              select replace(pg_get_indexdef(indexrelid), ' ONLY', '') as x from pg_index where indrelid = 'readings'::regclass
          ) as i) as indexes,
          (select generation from datacycle.model where model = 'readings') as generation`);
    const before = await asFound();
    expect(before).toMatchObject([{ seen: 3, said: 'by hand' }]);
    await land(`('z', '2023-09-03 10:00+00', 0)`);
    for (const [config, expected] of [
      [monthly, ['readings_2023_08', 'readings_2023_09']],
      [monthly.replace('month', 'day'), ['readings_2023_08_31', 'readings_2023_09_01', 'readings_2023_09_02']],
      ['', []],
    ] as const) {
      expect(await run(config)).toBe('error +0 ~0 -0');
      expect(await partitions()).toEqual(expected);
      expect(await asFound()).toEqual(before);
    }
    await query(`delete from raw.events where room = 'z'`);
    expect(await run(monthly)).toBe('success +0 ~0 -0');
    expect(await run(monthly)).toBe('success +0 ~0 -0');
    expect(await asFound()).toEqual(before);
  });

  it('touches nothing where something depends on the table that cannot be made again', async () => {
    await run('');
    await query('create index by_hand on readings (value)');
    expect(await run(monthly)).toBe('error +0 ~0 -0');
    expect(await partitions()).toEqual([]);
    await query('drop index by_hand');
    expect(await run(monthly)).toBe('success +0 ~0 -0');
    expect(await partitions()).toEqual(['readings_2023_08', 'readings_2023_09']);
  });
});
