import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { featureRelations } from '../../../cli/predict/relations.ts';
import { type ScoringOutcome, scoreAll } from '../../../cli/predict/scoring.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { newestModels, promote } from '../../../predictions/models.ts';
import { predictionSettings } from '../../../predictions/settings.ts';
import { trainModels } from '../../../predictions/train.ts';
import { predictorSettings } from '../../../predictors/predictor-settings.ts';
import { oneDatabase } from '../databases.ts';
import { householdOn, sampleMinutes } from '../main-job/household.ts';

/** The example of docs/predictors.md, but for what `more` does to a line before it is written. */
const program = (more: string) => `
const { createInterface } = require('node:readline');
let count = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const { features, ...record } = JSON.parse(line);
  count += 1;
  record.value = record.target === 'occupied' ? Math.min(1, (features.m0 ?? 0) / 15) : (features.p0 ?? 0);
  ${more}
  console.log(JSON.stringify(record));
});`;

/** Three days of two rooms. */
const history = `insert into silver.room_quarter
    (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
select q, 'jimmy', r.room, 15, 3, 15, 40, 1
from generate_series(timestamptz '2023-10-07 00:00Z', timestamptz '2023-10-09 23:45Z', interval '15 minutes') as g (q)
cross join (values ('Office'), ('Kitchen')) as r (room)`;

describe.each(oneDatabase)('predictors on $name', (kind) => {
  const on = householdOn(kind);
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-predictor-'));
  const settings = predictionSettings({ occupied: { rooms: ['Office', 'Kitchen'] } });
  const noon = (day: number) => new Date(`2023-10-${String(day).padStart(2, '0')}T12:00:00Z`);

  const ask = async (
    name: string,
    more: string,
    at: Date,
    entry: object = {},
  ): Promise<ScoringOutcome & { errors: string[] }> => {
    writeFileSync(join(folder, `${name}.cjs`), program(more));
    const predictors = predictorSettings({
      predictors: [{ name, command: [process.execPath, `${name}.cjs`], ...entry }],
    });
    const errors: string[] = [];
    const outcome = await scoreAll(on.database.warehouse, {
      relations: featureRelations(on.home.compile()),
      settings,
      predictors,
      folder,
      env: process.env,
      horizons: ['quarter', 'hour', 'day'],
      at,
      signal: new AbortController().signal,
      onError: (from, line) => errors.push(`${from}: ${line}`),
    });
    return { ...outcome, errors };
  };
  const records = (name: string) =>
    on.home.rows<{ model: string; role: string; n: number }>(
      `select record #>> '{model,name}' as model, record #>> '{model,role}' as role, count(*)::int as n from staging.prediction
       where record #>> '{model,name}' like '%-${name}' group by 1, 2 order by 1, 2`,
    );

  beforeAll(async () => {
    await ensureStaging(on.database.warehouse);
    on.home.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
    await on.home.load();
    await on.home.build();
    await on.database.warehouse.query('delete from silver.room_quarter');
    await on.database.warehouse.query(history);
    const relations = featureRelations(on.home.compile());
    await trainModels(on.database.warehouse, {
      relations,
      settings,
      uses: ['occupied'],
      asOf: new Date('2023-10-10T00:00:00Z'),
    });
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are asked once for each origin, and their records are read by the models', async () => {
    const first = await ask('forest', '', noon(8));
    expect(first.asked[0]).toMatchObject({ rejected: 0, reasons: [] });
    expect(first.asked[0]?.failure).toBeUndefined();
    expect(
      first.asked[0]?.answered.map(({ target, horizon, asked, records: written, state }) => [
        target,
        horizon,
        asked,
        written,
        state,
      ]),
    ).toEqual([
      ['occupied', 'quarter', 2, 2, 'written'],
      ['mean_power_w', 'quarter', 2, 2, 'written'],
      ['occupied', 'hour', 2, 2, 'written'],
      ['mean_power_w', 'hour', 2, 2, 'written'],
      ['occupied', 'day', 576, 576, 'written'],
      ['mean_power_w', 'day', 576, 576, 'written'],
    ]);
    const again = await ask('forest', '', noon(8));
    expect(new Set(again.asked[0]?.answered.map(({ state }) => state))).toEqual(new Set(['there already']));
    await on.home.build();
    const [row] = await on.home.rows(
      `select p.predicted_value, p.actual_value, p.predicted_class, p.role, m.algorithm, m.role as model_role
       from gold.fact_prediction as p join gold.dim_model as m using (model_key) join gold.dim_room as r using (room_key)
       where m.model_name = 'occupied-quarter-forest' and r.room_name = 'Office'`,
    );
    expect(row).toEqual({
      predicted_value: 0.2,
      actual_value: 1,
      predicted_class: 'empty',
      role: 'challenger',
      algorithm: 'forest',
      model_role: 'challenger',
    });
  }, 240_000);

  it('lose the lines that are none, and no others', async () => {
    const { asked } = await ask(
      'babbler',
      `if (count % 3 === 1) console.log('now at ' + count);
       if (count === 2) record.value = 7;`,
      noon(8),
      { horizons: ['quarter'] },
    );
    expect(asked[0]).toMatchObject({
      rejected: 3,
      reasons: [
        'line 1: it is no JSON object',
        'line 3: its value is no probability from 0 to 1',
        'line 5: it is no JSON object',
      ],
    });
    expect(await records('babbler')).toEqual([
      { model: 'mean_power_w-quarter-babbler', role: 'challenger', n: 2 },
      { model: 'occupied-quarter-babbler', role: 'challenger', n: 1 },
    ]);
  }, 120_000);

  it('keep what they wrote before they died, and are asked again', async () => {
    const dying = "if (count === 3) { console.error('out of memory'); process.exit(9); }";
    const { asked, scored, errors } = await ask('mayfly', dying, noon(8), { horizons: ['quarter'] });
    expect(asked[0]).toMatchObject({ failure: 'it ended with exit code 9' });
    expect(errors).toEqual(['mayfly: out of memory']);
    expect(await records('mayfly')).toEqual([{ model: 'occupied-quarter-mayfly', role: 'challenger', n: 2 }]);
    // The program's own models are not held up.
    expect(scored.length).toBeGreaterThan(0);
    const { asked: later } = await ask('mayfly', '', noon(8), { horizons: ['quarter'] });
    expect(later[0]?.answered.map(({ state, records: written }) => [state, written])).toEqual([
      ['written', 2],
      ['written', 2],
    ]);
  }, 120_000);

  it('can be the champion, with their own models as challengers, and only while they answer everything', async () => {
    await ask('leader', '', noon(8), { horizons: ['quarter'] });
    const { warehouse } = on.database;
    expect(await promote(warehouse, 'occupied', 'quarter', 'leader', new Date())).toBe(true);
    const chosen = (await newestModels(warehouse)).filter(
      ({ isChampion, horizon }) => isChampion && horizon === 'quarter',
    );
    expect(chosen.map(({ target, name }) => [target, name])).toEqual([['occupied', 'leader']]);

    const roles = (at: string) =>
      on.home.rows(
        `select distinct record #>> '{model,name}' as model, record #>> '{model,role}' as role from staging.prediction
         where record ->> 'target' = 'occupied' and record #>> '{horizon,type}' = 'quarter' and record ->> 'run_at' = '${at}'
            and record #>> '{model,role}' = 'champion'`,
      );
    const led = await ask('leader', "record.model = { version: '2' };", noon(9), { horizons: ['quarter'] });
    expect(led.asked[0]?.answered.map(({ leads }) => leads)).toEqual([true, false]);
    expect(await roles('2023-10-09T12:00:00.000Z')).toEqual([{ model: 'occupied-quarter-leader', role: 'champion' }]);
    // A new version of the champion is the champion.
    const newest = (await newestModels(warehouse)).find(
      ({ isChampion, horizon }) => isChampion && horizon === 'quarter',
    );
    expect([newest?.name, newest?.version]).toEqual(['leader', '2']);

    const lame = await ask('leader', 'if (count === 2) return;', new Date('2023-10-09T13:00:00Z'), {
      horizons: ['quarter'],
    });
    expect(lame.asked[0]?.answered.map(({ leads, records: written }) => [leads, written])).toEqual([
      [false, 1],
      [false, 2],
    ]);
    expect((await roles('2023-10-09T13:00:00.000Z')).map(({ model }) => model)).toEqual([
      expect.not.stringContaining('leader'),
    ]);
  }, 120_000);
});
