import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { eventsOn, newLoads } from '../project-on.ts';

const follower = (of: string, columns: string) =>
  `{{config materialized="incremental" unique_key="id"}}select ${columns} from {{ref "${of}"}}
{{#incremental}}where load_id > {{high_water "${of}"}}{{/incremental}}`;

describe.each(oneDatabase)('5: a rebuild travels, on $name', (kind) => {
  const { project, rows, run, land } = eventsOn(kind, {
    'models/readings.sql': `{{config materialized="incremental" unique_key="id"}}
select id, room, value, load_id from {{source "raw" "events"}} ${newLoads}`,
    'models/doubled.sql': follower('readings', 'id, room, 2 * value as value, load_id'),
    'models/labelled.sql': follower('doubled', "id, room || ' ' || value as label, load_id"),
    'models/others.sql': `{{config materialized="incremental" unique_key="id"}}
select id, load_id from {{source "raw" "events"}} ${newLoads}`,
  });

  it('to whatever consumed the old rows in increments, directly or not, by itself and once; the others stay', async () => {
    await land(1, `(1, 'a', 1.0), (2, 'b', 2.0)`);
    await run();
    // No increment of a follower can see that: its load is not new.
    await rows('update raw.events set value = 5 where id = 2');
    expect(await run({ fullRefresh: true, select: ['readings'] })).toEqual({ readings: 'rebuilt: full refresh' });
    expect(await run()).toMatchObject({
      doubled: 'rebuilt: readings was rebuilt or changed',
      labelled: 'rebuilt: doubled was rebuilt or changed',
      others: 'nothing new',
    });
    expect(await rows('select id, label from public.labelled order by id')).toEqual([
      { id: 1, label: 'a 2' },
      { id: 2, label: 'b 10' },
    ]);
    expect(await run()).toMatchObject({ doubled: 'nothing new', labelled: 'nothing new' });
    project.write({ 'models/late.sql': follower('labelled', 'id, label, load_id') });
    expect(await run()).toMatchObject({ doubled: 'nothing new', late: 'created' });
  });
});
