import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { clock, TwoApartments } from './two-apartments.ts';

const daily = (settings: string) =>
  `{{config materialized="incremental" incremental_strategy="microbatch" batch_size="day" begin="2023-10-11" lookback=0 ${settings}}}\n`;
const models = {
  // Its own rows say whose they are, and keep numbers that are handed out for them.
  'apartment_hours.sql': `${daily('event_time="hour" unique_key="apartment, hour" surrogate_key="hour_key"')}
select apartment, date_trunc('hour', timestamp) as hour, count(*) as readings
from {{ref "sensor_events"}}
group by 1, 2`,
  // Nobody's, made of everybody's, the one batch by batch of the other.
  'hours.sql': `${daily('event_time="hour" unique_key="hour"')}
select hour, sum(readings) as readings from {{ref "apartment_hours"}} group by 1`,
  'days.sql': `${daily('event_time="day" unique_key="day"')}
select hour::date as day, sum(readings) as readings from {{ref "hours"}} group by 1`,
  'batches.yml': `models:
  - { name: apartment_hours, columns: [{ name: apartment, data_type: text }] }
  - { name: hours, config: { subject: false } }
  - { name: days, config: { subject: false } }
`,
};

/** What these are made of; the rest of the project has no part in this. */
const select = ['+days'];

describe.each(oneDatabase)('erasing a subject from models in batches on $name', (kind) => {
  let database: TestDatabase;
  let two: TwoApartments;
  beforeAll(async () => {
    database = await kind.open();
    two = new TwoApartments(database.warehouse);
    for (const [name, text] of Object.entries(models))
      writeFileSync(join(two.home.project, 'models', 'silver', name), text);
    await two.fill(select);
  });
  afterAll(async () => {
    two.home.dispose();
    await database.drop();
  });

  const total = async (table: string) =>
    (await two.home.rows<{ n: number }>(`select coalesce(sum(readings), 0)::int as n from silver.${table}`))[0]?.n;
  const readings = async () =>
    (await two.home.rows<{ n: number }>('select count(*)::int as n from silver.sensor_events'))[0]?.n;
  const totals = async () => [await total('apartment_hours'), await total('hours'), await total('days')];

  it('its rows go at once, what is nobody’s is built again by the next build, and nothing comes back', async () => {
    const before = await readings();
    expect(await totals()).toEqual([before, before, before]);
    two.takeAccess();
    const compiled = two.compile();
    const named = subjectNamed(compiled.project, 'jimmy');
    const signal = new AbortController().signal;
    const options = { clock, signal, yes: true, dryRun: false };
    expect(await eraseSubject(database.warehouse, compiled, named, new QuietTerminal(), options)).toBe(0);
    expect(await two.search('jimmy')).toEqual([]);
    const left = await readings();
    expect(left).toBeLessThan(before ?? 0);
    expect(left).toBeGreaterThan(0);
    expect(await total('apartment_hours')).toBe(left);
    await two.home.build({ dataTests: false, select });
    expect(await totals()).toEqual([left, left, left]);
    for (const again of [['apartment_hours'], ['apartment_hours+']]) {
      await two.home.build({ dataTests: false, fullRefresh: true, select: again });
      expect(await two.search('jimmy')).toEqual([]);
      expect(await totals()).toEqual([left, left, left]);
    }
  });
});
