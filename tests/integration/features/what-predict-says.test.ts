import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { servers } from '../databases.ts';
import { householdOn, sampleMinutes } from '../main-job/household.ts';
import { KilledPredictions } from './killed-predictions.ts';

/** Three days of two rooms with motion and power, one with power alone, and one with neither. */
const history = `insert into silver.room_quarter
    (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, co2_ppm, load_id)
select q, 'jimmy', r.room, r.motion_seen, case when r.motion_seen > 0 then abs(hashtext(q::text)) % 4 end,
    r.power_seen, case when r.power_seen > 0 then 40 + abs(hashtext(q::text)) % 100 end, 600, 1
from generate_series(timestamptz '2023-10-07 00:00Z', timestamptz '2023-10-09 23:45Z', interval '15 minutes') as g (q)
cross join (values ('Office', 15, 15), ('Kitchen', 15, 15), ('Laundry', 0, 15), ('Bathroom', 0, 0)) as r (room, motion_seen, power_seen)`;

/** A predictor that answers all, and says what of. */
const program = `
const { createInterface } = require('node:readline');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { features, ...record } = JSON.parse(line);
  console.error([record.target, record.horizon.type, record.room].join(' '));
  console.log(JSON.stringify({ ...record, value: 0.5 }));
});`;

// Commands open the database themselves.
describe.each(servers)('what predict says on $name', (kind) => {
  const on = householdOn(kind);
  let predict: KilledPredictions;

  beforeAll(async () => {
    const { home, database } = on;
    await ensureStaging(database.warehouse);
    home.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
    await home.load();
    await home.build();
    await database.warehouse.query('delete from silver.room_quarter');
    await database.warehouse.query(history);
    writeFileSync(join(home.project, 'asked.cjs'), program);
    const file = join(home.project, 'project.yml');
    const predictor = `{ name: asked, command: [${JSON.stringify(process.execPath)}, asked.cjs], horizons: [quarter] }`;
    const text = readFileSync(file, 'utf8')
      .replace('min_days: 21', 'min_days: 2')
      .replace('occupied: { rooms: [Kitchen, Living Room, Office] }', 'occupied: { rooms: auto }')
      .replace(/^ {4}exclude: \[\]$/m, `    exclude: []\n    predictors: [${predictor}]`);
    writeFileSync(file, text);
    predict = new KilledPredictions(database.warehouse, database.url ?? '', home.project);
  });

  it('models that know nothing of the last days predict from now on, and training says so', async () => {
    const warning =
      'These models know nothing of what came after 2023-10-10T00:00:00.000Z, and are those that predict now';
    expect(await predict.run('train', '--as-of', '2023-10-10T00:00:00Z')).toContain(warning);
    // No reading is left out.
    const all = await predict.run('train', '--use', 'occupied', '--as-of', '2023-10-12T00:02:00Z');
    expect(all).not.toContain('know nothing');
  });

  it('a predictor is asked of motion where there is a sensor of it, of power likewise', async () => {
    await predict.run('train', '--as-of', '2023-10-10T00:00:00Z');
    const said = await predict.run('score', '--at', '2023-10-10T00:00:00Z', '--horizon', 'quarter');
    expect(said.match(/asked: .*/g)).toEqual([
      ...['Kitchen', 'Office'].map((room) => `asked: occupied quarter ${room}`),
      ...['Kitchen', 'Laundry', 'Office'].map((room) => `asked: mean_power_w quarter ${room}`),
    ]);
  });

  it('where a predictor is the champion, explain says whose forecasts it explains', async () => {
    await predict.run('promote', 'occupied', 'quarter', 'trees');
    const explain = ['explain', 'occupied', 'quarter', '--at', '2023-10-10T00:00:00Z'];
    const own = await predict.run(...explain);
    expect(own).not.toContain('champion');
    // Nobody predicts motion of the laundry.
    expect(own.match(/jimmy\/\w+/g)).toEqual(['jimmy/Kitchen', 'jimmy/Office']);
    await predict.run('promote', 'occupied', 'quarter', 'asked');
    expect(await predict.run(...explain)).toContain(
      'The champion of occupied, quarter is the predictor asked, which does not say why. Explained is trees, the best of the own models',
    );
  });

  it('features of the shape of an earlier version are to be built', async () => {
    const { warehouse } = on.database;
    for (const [view, column] of [
      ['room_quarter_state', 'silent_quarters'],
      ['room_quarter_target', 'pd_occupied'],
      ['weather_as_of', 'there_from'],
    ]) {
      await warehouse.query(`alter view silver.${view} rename column ${column} to of_later`);
      const score = ['score', '--at', '2023-10-09T12:00:00Z'];
      for (const command of [score, ['train'], ['backtest'], ['explain', 'occupied']])
        await expect(predict.run(...command), `${command[0]} without ${column}`).rejects.toThrow(
          new RegExp(`as this version reads them: .*${column}.* does not exist\\n  Run datacycle build`),
        );
      await warehouse.query(`alter view silver.${view} rename column of_later to ${column}`);
    }
  });
});
