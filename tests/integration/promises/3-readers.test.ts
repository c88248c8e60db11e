import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { servers } from '../databases.ts';
import { eventsOn } from '../project-on.ts';
import { rowsOf } from '../temporary-project.ts';

describe.each(servers)('3: readers never notice, on $name', (kind) => {
  const { database, project } = eventsOn(kind);

  it('a reader in a loop beside 15 full refreshes sees old rows or new rows, and what was created by hand stays', async () => {
    project.write({
      'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}
select room, min(version) as version from {{ref "numbered"}} group by room`,
      'models/facts.sql': `{{config materialized="incremental" unique_key="id"}}
select n.id, r.room_key, n.version from {{ref "numbered"}} as n join {{ref "rooms"}} as r using (room)`,
      'models/facts.yml':
        "models: [{ name: facts, constraints: [{ type: foreign_key, columns: room_key, to: ref('rooms') }] }]",
      'models/unkeyed.sql': '{{config materialized="table"}}select id, version from {{ref "numbered"}}',
      'models/report.sql':
        'select f.id, f.version, r.room from {{ref "facts"}} as f join {{ref "rooms"}} as r using (room_key)',
      'models/numbered.sql': 'select id, room, value::int as version from {{source "raw" "events"}}',
    });
    const change = async (version: number) => {
      await database.warehouse.query('truncate raw.events');
      await database.warehouse.query(
        `insert into raw.events select 1, id, 'room ' || (id + ${version}) % 7, ${version}
         from generate_series(${version} * 100, ${version} * 100 + 2000) as id`,
      );
    };
    await change(0);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    for (const statement of [
      'create view public.by_hand as select version, count(*) as n from public.facts group by version',
      'create view public.on_report as select * from public.report',
      'create index made_by_hand on public.facts (version, id)',
      'alter table public.facts add constraint checked_by_hand check (id >= 0)',
      'create role reader_by_hand',
      'grant select on public.facts, public.rooms, public.report to reader_by_hand',
    ])
      await database.warehouse.query(statement);

    const reader = new pg.Client({ connectionString: database.url });
    await reader.connect();
    let stop = false;
    const seen = { facts: new Set<string>(), reads: 0, mixed: 0, empty: 0 };
    const reading = (async () => {
      while (!stop) {
        for (const table of ['facts', 'report', 'by_hand', 'on_report', 'unkeyed', 'rooms']) {
          const { rows } = await reader.query(`select distinct version from public.${table}`);
          seen.reads += 1;
          if (rows.length === 0) seen.empty += 1;
          if (rows.length > 1 && table !== 'rooms') seen.mixed += 1;
          if (table === 'facts') seen.facts.add(String(rows[0]?.version));
        }
      }
    })();
    try {
      for (let version = 1; version <= 15; version += 1) {
        await change(version);
        const summary = await project.run(database.warehouse, { fullRefresh: true });
        expect(summary.results.map((result) => result.error)).toEqual(summary.results.map(() => undefined));
      }
    } finally {
      stop = true;
      await reading.finally(() => reader.end());
    }
    expect(seen).toMatchObject({ empty: 0, mixed: 0 });
    expect(seen.facts.size).toBeGreaterThan(3);
    expect(await rowsOf(database.warehouse, 'select version, n from public.by_hand')).toEqual([
      { version: 15, n: 2001 },
    ]);
    expect(
      await rowsOf(
        database.warehouse,
        `select to_regclass('public.made_by_hand') is not null as index,
            exists (select from pg_constraint where conname = 'checked_by_hand') as constraint,
            has_table_privilege('reader_by_hand', 'public.facts', 'select')
                and has_table_privilege('reader_by_hand', 'public.rooms', 'select')
                and has_table_privilege('reader_by_hand', 'public.report', 'select') as grants`,
      ),
    ).toEqual([{ index: true, constraint: true, grants: true }]);
    await database.warehouse.query('drop owned by reader_by_hand');
    await database.warehouse.query('drop role reader_by_hand');
  });
});
