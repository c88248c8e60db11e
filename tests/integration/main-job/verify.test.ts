import { describe, expect, it } from 'vitest';
import { verifyModels } from '../../../runner/verify/verify.ts';
import { oneDatabase } from '../databases.ts';
import { selectedBy } from '../selected.ts';
import { expectUntouched } from '../untouched.ts';
import { Household, sampleMinutes } from './household.ts';

describe.each(oneDatabase)('verify of the project itself on $name', (kind) => {
  it('finds every model equal after the sample day, after late files, and a planted value in what is made of it', async () => {
    const database = await kind.open();
    const home = new Household(database.warehouse);
    const verify = async (select: string[]) => {
      const compiled = home.compile();
      const results = await verifyModels(compiled, database.warehouse, {
        selected: selectedBy(compiled, { select }),
        limit: 20,
        clock: () => new Date(),
        onVerified: () => undefined,
      });
      return new Map(results.map(({ node, verdict }) => [node.name, verdict]));
    };
    const tables = ['config.materialized:incremental', 'config.materialized:table'];
    try {
      const late = (minute: number) => minute % 50 === 12;
      home.put(sampleMinutes('12.10.2023', (minute) => minute % 10 === 2 && !late(minute)));
      await home.load('full');
      await home.build({ dataTests: false, now: new Date('2023-10-12T20:00:00Z') });
      home.put(sampleMinutes('13.10.2023', (minute) => minute < 20));
      await home.load('full');
      const behind = await verify(['sensor_events', 'fact_energy_minute']);
      expect(behind.get('sensor_events')).toEqual({ status: 'behind', reason: 'new loads of staging.sensor_file' });
      expect(behind.get('fact_energy_minute')?.status).toBe('equal');
      await home.build({ dataTests: false, now: new Date('2023-10-13T02:00:00Z') });
      home.put(sampleMinutes('12.10.2023', late));
      await home.load('full');
      await home.build({ dataTests: false, now: new Date('2023-10-13T03:00:00Z') });

      const all = await expectUntouched(database.warehouse, () => verify(tables));
      expect([...all].filter(([, { status }]) => status !== 'equal')).toEqual([]);
      expect(all.size).toBeGreaterThan(25);
      expect(all.get('sensor_events')).toMatchObject({ status: 'equal', rows: expect.toSatisfy((n) => n > 5000) });

      await database.warehouse.query(
        `update silver.sensor_events set value = 41
         where (apartment, room, sensor_type, field, timestamp)
             = ('jimmy', 'Kitchen', 'plug', 'power', '2023-10-12 12:02:00+00')`,
      );
      const drifted = await verify(tables);
      expect([...drifted].filter(([, { status }]) => status === 'differs').map(([name]) => name)).toEqual([
        'sensor_events',
        'room_quarter',
        'fact_energy_minute',
      ]);
      expect(drifted.get('sensor_events')).toMatchObject({
        counts: { changed: 1, missing: 0, surplus: 0 },
        differences: [{ values: [{ column: 'value', actual: '41' }] }],
      });
    } finally {
      home.dispose();
      await database.drop();
    }
  }, 600_000);
});
