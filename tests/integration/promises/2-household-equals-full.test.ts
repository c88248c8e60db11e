import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { Household, type NamedFile, sampleMinutes } from '../main-job/household.ts';
import { rounds } from '../rounds.ts';

/** Minutes with people at home, a stretch over midnight, and the counter reset of the sample day. */
const interesting = (minute: number) =>
  minute < 6 || minute > 1435 || minute % 97 === 3 || (minute >= 1010 && minute < 1022);

function threeDays(): NamedFile[] {
  return ['12.10.2023', '13.10.2023', '14.10.2023'].flatMap((date) => sampleMinutes(date, interesting));
}

/** A second file for a minute that another file reports too: its `datetime` says so, and datetime wins over the name. */
function corrected(file: NamedFile, name: string): NamedFile {
  return {
    name,
    content: file.content.replace(/("power": )([\d.]+)/g, '$1777.5').replace(/("battery": )(\d+)/g, '$17'),
  };
}

/** What has names of rooms; what is made of it in turn has its keys. */
const ofRooms = ['+fact_energy_minute', '+fact_environment_minute', '+fact_presence_minute', '+fact_device_health_day'];

describe.each(oneDatabase)('incremental equals full refresh on $name', (kind) => {
  it('after files in random order and random batches, some of them days late, a build after each batch', async () => {
    const files = threeDays();
    const extra = files
      .slice(0, 4)
      .map((file, index) => corrected(file, file.name.replace(/ \d{4}_/, ` 120${index}_`)));
    const all = [...files, ...extra];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...all.keys()], { minLength: all.length, maxLength: all.length }),
        fc.array(fc.integer({ min: 1, max: Math.ceil(all.length / 2) }), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 3, max: 60 }),
        async (order, sizes, batchFiles) => {
          const database = await kind.open();
          const home = new Household(database.warehouse);
          try {
            let start = 0;
            for (const [index, size] of [...sizes, all.length].entries()) {
              home.put(order.slice(start, start + size).flatMap((at) => all[at] ?? []));
              start += size;
              await home.load('full', batchFiles);
              // Days go by between the builds, so that a day that was going on is finished at the next.
              await home.build({ dataTests: false, now: new Date(Date.UTC(2023, 9, 13 + index, 12)) });
            }
            const now = new Date(Date.UTC(2023, 9, 13 + sizes.length, 12));
            const incremental = await home.contents();
            await home.build({ dataTests: false, fullRefresh: true, now });
            const full = await home.contents();
            for (const [table, rows] of full) expect(incremental.get(table), table).toEqual(rows);
            expect(full.get('sensor_events')?.length).toBeGreaterThan(1000);
            expect((await home.build({ command: 'test', now })).ok).toBe(true);
          } finally {
            home.dispose();
            await database.drop();
          }
        },
      ),
      { numRuns: rounds({ gate: 1, long: 10 }) },
    );
  }, 600_000);

  it('a room renamed in the seed takes its old name out of silver, facts and dimensions in one build', async () => {
    const database = await kind.open();
    const home = new Household(database.warehouse, ofRooms);
    try {
      home.put(sampleMinutes('12.10.2023', (minute) => minute < 10));
      await home.load('full');
      await home.build({ dataTests: false });
      const seed = join(home.project, 'seeds', 'rooms.csv');
      writeFileSync(seed, readFileSync(seed, 'utf8').replace('Living Room', 'Lounge'));
      await home.build({ dataTests: false });
      const rooms = await home.rows('select distinct room_name from gold.dim_room order by 1');
      expect(rooms.map((row) => row.room_name)).not.toContain('Living Room');
      expect(rooms.map((row) => row.room_name)).toContain('Lounge');
      const renamed = await home.contents();
      await home.build({ dataTests: false, fullRefresh: true });
      for (const [table, rows] of await home.contents()) expect(renamed.get(table), table).toEqual(rows);
    } finally {
      home.dispose();
      await database.drop();
    }
  });
});
