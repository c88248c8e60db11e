import { describe, expect, it } from 'vitest';
import { type Planned, previewRun } from '../../../../runner/preview/preview.ts';
import type { EventTimeRange } from '../../../../runner/state/batch-windows.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { selectedBy } from '../../selected.ts';

const files = {
  'seeds/rooms.csv': 'room,floor,built\nkitchen,0,2001-05-01\nbath,1,\n',
  'models/floors.sql': `{{config materialized="table"}}
select floor, count(*) as rooms from {{ref "rooms"}} group by floor
`,
  // Whether a function of one's own always says the same is not known.
  'models/open_rooms.sql': `{{config materialized="table"}}
select room from {{ref "rooms"}} where not raw.is_closed(room)
`,
  'models/dim_open.sql': `{{config materialized="incremental" unique_key="room"}}
select room from {{ref "open_rooms"}}
`,
  'models/daily.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2023-08-30" unique_key="id"}}
select id, at from {{source "raw" "moments"}}
`,
  'models/days.sql': `{{config materialized="table"}}
select at::date as day, count(*) as moments from {{ref "daily"}} group by 1
`,
  'models/m.yml': `sources:
  - name: raw
    tables: [{name: moments, config: {event_time: at}}]
`,
};
const now = new Date('2023-09-01T12:00:00Z');
const sources = [
  "create function raw.is_closed(room text) returns boolean language sql stable as $$ select room = 'cellar' $$",
  'create table raw.moments (id integer, at timestamptz)',
  "insert into raw.moments values (1, '2023-08-30 10:00Z')",
];

describe.each(oneDatabase)('plan on $name', (kind) => {
  const { project, database, run, errorOf } = projectOn(kind, files, sources);

  async function plan(range?: EventTimeRange, select: string[] = []): Promise<ReadonlyMap<string, Planned>> {
    const compiled = project.compile();
    const planned = await previewRun(compiled, database.warehouse, {
      command: 'build',
      selected: selectedBy(compiled, { select, exclude: [] }),
      fullRefresh: false,
      reuse: true,
      range,
      clock: () => now,
    });
    return new Map(planned.map((one) => [one.node.name, one]));
  }
  const told = (planned: ReadonlyMap<string, Planned>, name: string) => {
    const { action, certain, reason } = planned.get(name) as Planned;
    return `${action}${certain ? '' : '?'} ${reason}`;
  };

  it('knows whether the file of a seed has other rows', async () => {
    await run({ now });
    const same = await plan();
    expect(same.get('rooms')).toMatchObject({ action: 'skip', reason: 'its file has not changed' });
    expect(told(same, 'floors')).toBe('skip nothing that it reads has changed');

    project.write({ 'seeds/rooms.csv': 'room,floor,built\nbath,1,\nkitchen,0,2001-05-01\n' });
    expect((await plan()).get('rooms')).toMatchObject({ differs: false });
    for (const [what, text] of [
      ['another value', 'room,floor,built\nkitchen,0,2001-05-02\nbath,1,\n'],
      ['a row twice', 'room,floor,built\nkitchen,0,2001-05-01\nbath,1,\nbath,1,\n'],
      ['a row less', 'room,floor,built\nkitchen,0,2001-05-01\n'],
      ['another column', 'room,floor,since\nkitchen,0,2001-05-01\nbath,1,\n'],
    ] as const) {
      project.write({ 'seeds/rooms.csv': text });
      const planned = await plan();
      expect(planned.get('rooms'), what).toMatchObject({ action: 'replace', differs: true });
      expect(told(planned, 'floors'), what).toMatch(/^replace /);
    }
    project.write({ 'seeds/rooms.csv': 'room,floor,built\nkitchen,cellar,2001-05-01\nbath,1,\n' });
    expect((await plan()).get('rooms')?.differs).toBeUndefined();
  });

  it('takes a table whose query may yield other rows by itself for one that stays', async () => {
    await run({ now });
    const planned = await plan();
    expect(told(planned, 'open_rooms')).toBe('replace table');
    expect(told(planned, 'dim_open')).toBe('skip? nothing that it reads has changed');
    project.write({ 'seeds/rooms.csv': 'room,floor,built\nkitchen,0,2001-05-01\n' });
    expect(told(await plan(), 'dim_open')).toBe('replace? open_rooms was rebuilt or changed');
  });

  it('builds no batch of a time that has none, so that nothing after it changes', async () => {
    await run({ now });
    const asked = (from: string, to: string) => plan({ start: from, end: to });
    const before = await asked('2020-01-01T00:00:00Z', '2020-01-03T00:00:00Z');
    expect(before.get('daily')).toMatchObject({ batches: 0 });
    expect(told(before, 'days')).toBe('skip nothing that it reads has changed');
    const within = await asked('2023-08-30T00:00:00Z', '2023-08-31T00:00:00Z');
    expect(within.get('daily')).toMatchObject({ batches: 1 });
  });

  it('says which upstream is not there, as the build would', async () => {
    expect(told(await plan(undefined, ['floors']), 'floors')).toBe(
      'error seeds.rooms is not there, and is not selected',
    );
    expect((await errorOf('floors', { now, select: ['floors'] })).message).toContain('"seeds.rooms" does not exist');
    expect(told(await plan(undefined, ['+floors']), 'floors')).toBe('create new');
    await run({ now, select: ['rooms'] });
    expect(told(await plan(undefined, ['floors']), 'floors')).toBe('create new');
  });

  it('names the views that are made again, and what cannot be', async () => {
    await run({ now });
    await database.warehouse.query('create view raw.by_hand as select floor from public.floors');
    expect((await plan()).get('floors')?.recreates).toBeUndefined();
    project.write({
      'models/floors.sql': files['models/floors.sql'].replace('select floor,', 'select floor::bigint as floor,'),
    });
    const planned = await plan();
    expect(planned.get('floors')).toMatchObject({ action: 'replace', recreates: ['raw.by_hand'] });
    await database.warehouse.query('create materialized view raw.kept as select floor from public.floors');
    const refused = await plan();
    expect(refused.get('floors')).toMatchObject({
      action: 'error',
      reason: expect.stringContaining('the materialized view raw.kept reads it'),
      hint: expect.stringContaining('Drop raw.kept'),
    });
    expect((await errorOf('floors', { now })).message).toBe(refused.get('floors')?.reason);
  });
});
