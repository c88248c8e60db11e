import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { verifyModels } from '../../../../runner/verify/verify.ts';
import { databases } from '../../databases.ts';
import { eventSources, projectOn } from '../../project-on.ts';
import { resultOf, type TemporaryProject } from '../../temporary-project.ts';

describe.each(databases)('a materialized view on $name', (kind) => {
  const { database, project, rows } = projectOn(
    kind,
    {
      'models/sources.yml': eventSources,
      ...totals('sum(value) as total', ', indexes: [{ columns: total }]'),
      'models/late.sql':
        '{{config materialized="incremental" unique_key="room"}}select room, total from {{ref "totals"}}',
    },
    [
      'create table raw.events (id int, room text, value int)',
      `insert into raw.events values (1, 'kitchen', 1), (2, 'kitchen', 2), (3, 'bath', 5)`,
    ],
  );

  function totals(columns: string, settings = ''): Record<string, string> {
    return {
      'models/totals.sql': `select room, ${columns} from {{source "raw" "events"}} group by room`,
      'models/totals.yml': `models: [{ name: totals, description: Sums by room, config: { materialized: materialized_view, unique_key: room${settings} } }]`,
    };
  }
  const query = (sql: string) => database.warehouse.query(sql);
  const run = async (options: Parameters<TemporaryProject['run']>[1] = {}) => {
    const summary = await project.run(database.warehouse, options);
    expect(summary.results.flatMap((result) => result.error?.message ?? [])).toEqual([]);
    return Object.fromEntries(
      summary.results.map(({ node, message, inserted, deleted }) => [node.name, `${message} +${inserted} -${deleted}`]),
    );
  };
  const indexes = async () =>
    (
      await rows(`select relname from pg_index as x join pg_class as i on i.oid = x.indexrelid
      where x.indrelid = 'public.totals'::regclass order by 1`)
    ).map(({ relname }) => String(relname).replace(/_[0-9a-f]{6}$/, ''));
  const oid = async () => (await rows(`select 'public.totals'::regclass::oid::text as oid`))[0]?.oid;

  it('is made with its rows, index, description, and refreshed: only changed rows are written', async () => {
    expect(await run()).toEqual({ totals: 'created +2 -0', late: 'created +2 -0' });
    expect(await rows('select room, total::int from public.totals order by 1')).toEqual([
      { room: 'bath', total: 5 },
      { room: 'kitchen', total: 3 },
    ]);
    expect(await indexes()).toEqual(['totals_room_idx', 'totals_total_idx']);
    expect(await rows(`select obj_description('public.totals'::regclass) as text`)).toEqual([{ text: 'Sums by room' }]);
    const before = await oid();
    expect(await run()).toEqual({
      totals: 'refreshed +0 -0',
      late: 'nothing that it reads has changed +0 -0',
    });
    await query(`insert into raw.events values (4, 'bath', 1), (5, 'attic', 1)`);
    expect(await run()).toEqual({
      totals: 'refreshed +2 -1',
      late: 'rebuilt: totals was rebuilt or changed +1 -0',
    });
    expect(await rows('select total::int from public.late order by room')).toEqual([
      { total: 1 },
      { total: 6 },
      { total: 3 },
    ]);
    expect(await oid()).toBe(before);
  });

  it.runIf(kind.name === 'PGlite')(
    'counts as changed by every refresh where the database does not count rows',
    async () => {
      await run();
      await query('set track_counts = off');
      try {
        expect(await run()).toEqual({
          totals: 'refreshed +2 -0',
          late: 'rebuilt: totals was rebuilt or changed +0 -0',
        });
      } finally {
        await query('reset track_counts');
      }
    },
  );

  it('gets other columns, another key or other indexes, with the rows counted that changed', async () => {
    await run();
    project.write(totals('sum(value) as total', ', indexes: [{ columns: [total, room] }]'));
    const before = await oid();
    expect(await run()).toMatchObject({ totals: 'refreshed +0 -0' });
    expect(await indexes()).toEqual(['totals_room_idx', 'totals_total_room_idx']);
    expect(await oid()).toBe(before);
    project.write(totals(`sum(value) filter (where room = 'bath') as total`));
    expect(await run()).toMatchObject({ totals: 'rebuilt: its definition changed +1 -1' });
    project.write(totals(`sum(value) filter (where room in ('bath', 'sauna')) as total`));
    expect(await run()).toMatchObject({ totals: 'rebuilt: its definition changed +0 -0', late: ' +0 -0' });
    project.write(totals('count(*)::int as total, min(value) as least'));
    await run();
    expect(await rows('select * from public.totals order by 1')).toEqual([
      { room: 'bath', total: 1, least: 5 },
      { room: 'kitchen', total: 2, least: 1 },
    ]);
    project.write(totals('count(*)::int as total'));
    project.write({
      'models/totals.yml':
        'models: [{ name: totals, config: { materialized: materialized_view, unique_key: [room, total] } }]',
    });
    await run();
    expect(await indexes()).toEqual(['totals_room_total_idx']);
  });

  it('takes on a column that what it selects all of has got', async () => {
    const upstream = (columns: string) => ({
      'models/up.sql': `{{config materialized="table"}}select ${columns}`,
      'models/all_of_it.sql': '{{config materialized="materialized_view" unique_key="id"}}select * from {{ref "up"}}',
    });
    project.write(upstream('1 as id'));
    await run();
    await query('create view public.by_hand as select id from public.all_of_it');
    project.write(upstream('1 as id, 2 as floor'));
    expect(await run()).toMatchObject({ all_of_it: 'rebuilt: its columns changed +1 -0' });
    expect(await rows('select * from public.all_of_it join public.by_hand using (id)')).toEqual([{ id: 1, floor: 2 }]);
    expect(await run()).toMatchObject({ all_of_it: 'nothing that it reads has changed +0 -0' });
  });

  it('is created again where its rows or its index were removed by hand', async () => {
    await run();
    await query('refresh materialized view public.totals with no data');
    expect(await run()).toMatchObject({ totals: 'rebuilt: it had no rows +2 -0' });
    await query(`do $$ begin execute (select string_agg('drop index public.' || relname, ';') from pg_class
      where relname like 'totals_room_idx%'); end $$`);
    expect(await run()).toMatchObject({ totals: 'rebuilt: its unique index is gone +0 -0' });
    expect(await indexes()).toEqual(['totals_room_idx', 'totals_total_idx']);
    expect(await run({ fullRefresh: true, select: ['totals'] })).toEqual({ totals: 'rebuilt: full refresh +0 -0' });
  });

  it.each([
    ['made', false],
    ['refreshed', true],
  ])('fails with the key that is NULL or duplicated when it is %s', async (_, stands) => {
    project.write({
      'models/totals.sql': 'select room, value as total from {{source "raw" "events"}} where id > 1',
    });
    if (stands) await run();
    const errorOf = async () => resultOf(await project.run(database.warehouse), 'totals').error?.message;
    await query(`insert into raw.events values (6, 'bath', 6)`);
    expect(await errorOf()).toBe('unique_key of totals is not unique: (room=bath) is duplicated in 2 rows');
    await query(`update raw.events set value = 5 where id = 6`);
    expect(await errorOf()).toBe('unique_key of totals is not unique: (room=bath) is duplicated in 2 rows');
    await query(`update raw.events set room = null where id = 6`);
    expect(await errorOf()).toBe('unique_key of totals is NULL in (room=NULL)');
    await query('delete from raw.events where id = 6');
    await run();
    expect(await rows('select count(*)::int as n from public.totals')).toEqual([{ n: 2 }]);
  });

  it('is verified like a table', async () => {
    await run();
    const statusOf = async () => {
      const [verified] = await verifyModels(project.compile(), database.warehouse, {
        selected: new Set(['model.totals']),
        limit: 5,
        clock: () => new Date(),
        onVerified: () => undefined,
      });
      return verified?.verdict.status;
    };
    expect(await statusOf()).toBe('equal');
    await query(`insert into raw.events values (4, 'bath', 1)`);
    expect(await statusOf()).toBe('differs');
  });

  it.runIf(kind.name === 'PostgreSQL')('is refreshed and made again beside its readers', async () => {
    await run();
    let reading = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (reading) {
        const [row] = await rows('select count(*)::int as n, min(total)::int as least from public.totals');
        seen.add(`${String(row?.n)} ${String(row?.least)}`);
        await sleep(1);
      }
    })();
    for (let round = 0; round < 6; round += 1) {
      project.write(totals(round % 2 === 0 ? 'sum(value) as total' : 'sum(value + 1 - 1) as total'));
      await run();
    }
    reading = false;
    await reader;
    expect([...seen]).toEqual(['2 3']);
  });
});
