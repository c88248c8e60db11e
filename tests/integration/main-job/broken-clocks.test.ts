import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { oneDatabase } from '../databases.ts';
import { apartments, householdOn, sampleMinutes } from './household.ts';
import { land, line } from './weather-lines.ts';

// The project is built three times.
vi.setConfig({ testTimeout: 180_000 });

describe.each(oneDatabase)('dates of broken clocks on $name', (kind) => {
  const on = householdOn(kind);

  /** Lands a minute, whatever its date is: the settings of the landing may allow any. */
  async function landMinute(date: string, minute = 720): Promise<void> {
    on.home.put(sampleMinutes(date, (one) => one === minute).filter(({ name }) => name.includes('Jimmy')));
    const times = { from: new Date('2000-01-01T00:00:00Z'), hoursAhead: 1_000_000 };
    const source = { share: on.home.share, bronzeRoot: on.home.bronze, apartments, times };
    const clock = () => new Date('2023-11-01T00:00:00Z');
    const { landed } = await loadSensors(on.database.warehouse, source, { mode: 'full', batchFiles: 100, clock });
    expect(landed).toBe(1);
  }

  /** An error in the log of a house of Jimmy. */
  async function landError(creationDate: string): Promise<void> {
    const tables = {
      buildings: [{ idBuilding: 2, houseName: 'Jimmy Loup' }],
      dierrors: [{ idError: 1, idBuilding: 2, errorMessage: 'x', creationDate }],
    };
    for (const [table, rows] of Object.entries(tables)) {
      const file = join(on.home.bronze, `registry/2023/11/01/20231101T080000Z/${table}.json`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(rows));
    }
    const clock = () => new Date('2023-11-01T08:00:00Z');
    const source = { url: undefined, bronzeRoot: on.home.bronze };
    await loadRegistry(on.database.warehouse, source, { mode: 'from-bronze', clock });
  }

  /** The days of the health of Jimmy's sensors, and the years of the calendar. */
  async function days(): Promise<unknown> {
    const [found] = await on.home.rows(
      `select (select array_agg(distinct date_key order by date_key) from gold.fact_device_health_day) as health,
              (select array_agg(distinct year order by year) from gold.dim_date) as years`,
    );
    return found;
  }

  const farFromAll = async () => {
    await on.home.build({ dataTests: false });
    const { results } = await on.home.build({ command: 'test', select: ['no_day_far_from_all_others'] });
    const found = results.find(({ node }) => node.name === 'no_day_far_from_all_others');
    return `${found?.status}: ${found?.message}`;
  };

  it('cost the tables that have every day their own days alone, and are named', async () => {
    await ensureStaging(on.database.warehouse);
    await landMinute('11.10.2023');
    await landMinute('13.10.2023');
    const normal = [20231011, 20231012, 20231013];
    expect(await farFromAll()).toMatch(/^pass/);
    expect(await days()).toEqual({ health: normal, years: [2023] });

    await landMinute('05.03.2010');
    await landMinute('07.08.2090');
    await land(on.database.warehouse, '10-12', [line('2099-02-03 00:00:00+00:00', 'temperature_c', 5)]);
    await landError('2199-01-01 12:00:00');
    expect(await farFromAll()).toMatch(/^warn: .*\b2\b/);
    const broken = { health: [20100305, ...normal, 20900807], years: [2010, 2023, 2090, 2099] };
    expect(await days()).toEqual(broken);
    const quarters = await on.home.rows<{ room: string; days: number }>(
      'select room, count(distinct target::date)::int as days from silver.room_quarter_target group by 1',
    );
    // Four days after each stretch are for forecasts: three days from an origin up to a day later.
    expect(Math.max(...quarters.map((row) => row.days))).toBeLessThanOrEqual(5 + 7 + 5);

    // Four weeks without anything are a failure, which is seen.
    await landMinute('10.11.2023');
    await on.home.build({ dataTests: false });
    const health = await on.home.rows('select distinct date_key from gold.fact_device_health_day');
    expect(health).toHaveLength(2 + 31);

    const incremental = await on.home.contents();
    await on.home.build({ fullRefresh: true, command: 'run' });
    for (const [table, rows] of await on.home.contents()) expect(incremental.get(table), table).toEqual(rows);
  });
});
