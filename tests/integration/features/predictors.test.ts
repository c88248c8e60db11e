import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { WatchProcess } from '../cli/watch/watch-process.ts';
import { oneDatabase } from '../databases.ts';
import { householdOn, sampleMinutes } from '../main-job/household.ts';
import { rounds } from '../rounds.ts';
import { countedFeatures } from './counted-features.ts';
import { KilledPredictions, type Killing } from './killed-predictions.ts';

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
    warehouse = on.database.warehouse,
  ): Promise<ScoringOutcome & { errors: string[] }> => {
    writeFileSync(join(folder, `${name}.cjs`), program(more));
    const predictors = predictorSettings({
      predictors: [{ name, command: [process.execPath, `${name}.cjs`], ...entry }],
    });
    const errors: string[] = [];
    const outcome = await scoreAll(warehouse, {
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
  });
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
  });

  it('are asked from features that are worked out once for the next quarter and hour', async () => {
    const timesFor = async (name: string, horizons: readonly string[]) => {
      const counted = countedFeatures(on.database.warehouse);
      await ask(name, '', noon(8), { horizons }, counted.warehouse);
      return counted.count();
    };
    expect(await timesFor('both', ['quarter', 'hour'])).toBe(await timesFor('one', ['hour']));
  });

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
  });

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
  });

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
  });

  const isOnServer = kind.name === 'PostgreSQL';
  const kills = rounds({ gate: 1, long: 10 });
  it.runIf(isOnServer)(
    `killed ${2 * kills} times, training and scoring wrote all of a horizon or nothing`,
    async () => {
      const { home, database } = on;
      const settingsFile = join(home.project, 'project.yml');
      writeFileSync(settingsFile, readFileSync(settingsFile, 'utf8').replace('min_days: 21', 'min_days: 2'));
      const predict = new KilledPredictions(database.warehouse, database.url ?? '', home.project);
      // Of each horizon: when what the newest versions have learnt from ends, and how many of them are champions.
      const trained = () =>
        home.rows<{ until: string[]; champions: number }>(
          `select horizon, array_agg(distinct trained_to::text) as until, count(*) filter (where chosen_at = last)::int as champions
         from (select distinct on (horizon, name) *, max(chosen_at) over (partition by horizon) as last from staging.model
            where target = 'occupied' and content ->> 'kind' <> 'predictor' order by horizon, name, model_id desc) as m
         group by horizon order by horizon`,
        );
      const scored = () =>
        home.rows<{ records: number; written: number }>(
          `select r.target, r.horizon, r.origin::text, r.records, count(p.record)::int as written
         from staging.prediction_run as r left join staging.prediction as p
            on p.record ->> 'target' = r.target and p.record #>> '{horizon,type}' = r.horizon
            and (p.record ->> 'run_at')::timestamptz = r.origin + interval '15 minutes'
         where r.origin > '2023-10-09 13:00Z' group by 1, 2, 3, 4 order by 1, 2, 3`,
        );
      for (let round = 0; round < kills; round += 1) {
        const hour = 14 + round;
        // The process alone: the server may still end what it was asked for.
        const killing: Killing = round % 2 === 0 ? 'session' : 'process';

        const train = ['train', '--as-of', `2023-10-09T${hour}:00:00Z`];
        const before = await trained();
        await predict.killWhileItWrites('staging.model', killing, ...train);
        const after = await trained();
        if (killing === 'session') expect(after).toEqual(before);
        for (const { until, champions } of after) expect([until.length, champions]).toEqual([1, 1]);
        await predict.run(...train);
        expect(await trained()).toEqual(
          ['day', 'hour', 'quarter'].map((horizon) => ({
            horizon,
            until: [expect.stringContaining(`2023-10-09 ${hour}:00:00`)],
            champions: 1,
          })),
        );

        const score = ['score', '--at', `2023-10-09T${hour}:30:00Z`, '--horizon', 'quarter,hour'];
        await predict.killWhileItWrites('staging.prediction', killing, ...score);
        for (const { records, written } of await scored()) expect(written).toBe(records);
        await predict.run(...score);
        const whole = await scored();
        expect(whole).toHaveLength(4 * (round + 1));
        for (const { records, written } of whole) expect([records > 0, written]).toEqual([true, records]);
        await predict.run(...score);
        expect(await scored()).toEqual(whole);
      }
    },
    600_000,
  );

  it.runIf(isOnServer)('training that is interrupted says so, and what it had stored stays', async () => {
    const { home, database } = on;
    const predict = new KilledPredictions(database.warehouse, database.url ?? '', home.project);
    const train = ['train', '--use', 'occupied', '--as-of', '2023-10-09T22:00:00Z'];
    const { code, output } = await predict.interruptWhileItWrites('staging.model', ...train);
    expect(output).toContain('predict train was interrupted; what it had stored stays\n  Run it again.');
    expect(code).toBe(130);
    const stored = await home.rows(`select distinct horizon from staging.model where trained_to = '2023-10-09 22:00Z'`);
    expect(stored).toEqual([{ horizon: 'quarter' }]);
  });

  it.runIf(isOnServer)(
    'training says which rooms a list leaves out, which of it there are not, and where there is no weather',
    async () => {
      const { home, database } = on;
      const predict = new KilledPredictions(database.warehouse, database.url ?? '', home.project);
      const listing = (rooms: string) =>
        predict.run('train', '--use', 'occupied', '--vars', `{ predictions: { occupied: { rooms: ${rooms} } } }`);
      const said = await listing('[Kitchen, Ofice]');
      expect(said).toContain(
        'predictions.occupied.rooms names "Ofice", of which there are no readings. Did you mean "Office"?',
      );
      expect(said).toContain(
        'There is no weather forecast for jimmy, by weather_site of vars.apartments: models learn',
      );
      expect(said).toContain(
        'occupied: not predicted are Office, since predictions.occupied.rooms does not name them.',
      );
      for (const rooms of ['[Kitchen, Office]', 'auto'])
        expect(await listing(rooms)).not.toContain('predictions.occupied');
    },
  );

  it.runIf(isOnServer)('an apartment that objects, and is misspelt, is not passed over in silence', async () => {
    const { home, database } = on;
    const predict = new KilledPredictions(database.warehouse, database.url ?? '', home.project);
    const excluding = (id: string) => predict.run('models', '--vars', `{ predictions: { exclude: [${id}] } }`);
    expect(await excluding('jimy')).toContain(
      'predictions.exclude names "jimy", and vars.apartments has no such id. Did you mean "jimmy"?',
    );
    expect(await excluding('jimmy')).not.toContain('vars.apartments');
  });

  it.runIf(isOnServer)('are asked by the watcher, which builds what they predict', async () => {
    const { home, database } = on;
    writeFileSync(join(home.project, 'watched.cjs'), program(''));
    const settingsFile = join(home.project, 'project.yml');
    const predictor = `{ name: watched, command: [${JSON.stringify(process.execPath)}, watched.cjs], horizons: [quarter] }`;
    const text = readFileSync(settingsFile, 'utf8').replace(
      /^ {4}exclude: \[\]$/m,
      `    exclude: []\n    predictors: [${predictor}]`,
    );
    writeFileSync(settingsFile, text);
    // The quarter that had ended when the newest files were written.
    await database.warehouse.query(
      `insert into silver.room_quarter (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
       select '2023-10-11 23:45Z', 'jimmy', r, 15, 6, 15, 70, 1 from unnest(array['Office', 'Kitchen']) as r`,
    );
    const env = { DB_URL: database.url ?? '', SMB_PATH: home.share, BRONZE_ROOT: home.bronze };
    const watch = new WatchProcess(home.project, env);
    const inGold = () =>
      home.rows(
        `select r.room_name as room, p.predicted_value as value, p.role
         from gold.fact_prediction as p join gold.dim_model as m using (model_key) join gold.dim_room as r using (room_key)
         where m.model_name like '%-quarter-watched' and p.datetime_key = 202310120000 order by 1, 2`,
      );
    try {
      await expect.poll(inGold, { interval: 250 }).toEqual(
        ['Kitchen', 'Office'].flatMap((room) => [
          { room, value: 0.4, role: 'challenger' },
          { room, value: 70, role: 'challenger' },
        ]),
      );
    } finally {
      expect(await watch.stop(), watch.stderr).toBe(0);
    }
  });
});
