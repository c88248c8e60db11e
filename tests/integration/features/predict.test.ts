import { beforeAll, describe, expect, it } from 'vitest';
import { readChampions } from '../../../cli/predict/champions.ts';
import { Predictor } from '../../../cli/predict/predictor.ts';
import { featureRelations } from '../../../cli/predict/relations.ts';
import { predictingRound } from '../../../cli/predict/rounds.ts';
import { randomOf } from '../../../learning/data/random.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { explainForecasts } from '../../../predictions/explain.ts';
import { newestModels, promote } from '../../../predictions/models.ts';
import { scoreDue } from '../../../predictions/score.ts';
import { predictionSettings } from '../../../predictions/settings.ts';
import { trainModels } from '../../../predictions/train.ts';
import { oneDatabase } from '../databases.ts';
import { householdOn, sampleMinutes } from '../main-job/household.ts';
import { rounds } from '../rounds.ts';
import { expectCorrected } from './corrected-forecasts.ts';
import { expectNothingStored } from './ended-training.ts';
import { expectKept } from './kept-forecasts.ts';
import { expectUnknown } from './objecting-apartment.ts';
import { history, learners } from './short-history.ts';
import { expectSilentPredicted } from './silent-apartments.ts';
import { expectWarnedAfterTraining } from './warned-after-training.ts';
import { expectDaysAddUp } from './whole-days.ts';

const asOf = new Date('2023-10-10T00:00:00Z');
const settings = predictionSettings({ occupied: { rooms: ['Office', 'Kitchen'] }, min_days: 7 });

describe.each(oneDatabase)('predictions of the program itself on $name', (kind) => {
  const on = householdOn(kind);
  const learnFrom = async (
    sql: string,
    uses: readonly ('occupied' | 'mean_power_w')[],
    rooms: readonly string[] = ['Office', 'Kitchen'],
  ) => {
    await on.database.warehouse.query('delete from silver.room_quarter');
    await on.database.warehouse.query(sql);
    const relations = featureRelations(on.home.compile());
    const request = { relations, settings: { ...settings, rooms: { ...settings.rooms, occupied: rooms } }, uses, asOf };
    return trainModels(on.database.warehouse, { ...request, learners });
  };
  const score = (at: Date) =>
    scoreDue(on.database.warehouse, {
      relations: featureRelations(on.home.compile()),
      settings,
      horizons: ['quarter', 'hour', 'day'],
      at,
    });
  const records = async () =>
    (await on.home.rows<{ n: number }>('select count(*)::int as n from staging.prediction'))[0]?.n;

  beforeAll(async () => {
    await ensureStaging(on.database.warehouse);
    const relations = featureRelations(on.home.compile());
    const early = trainModels(on.database.warehouse, { relations, settings, uses: ['occupied'] });
    await expect(early).rejects.toMatchObject({ hint: 'Run datacycle load and datacycle build first.' });
    on.home.put(sampleMinutes('12.10.2023', (minute) => minute < 2));
    await on.home.load();
    await on.home.build();
  });

  it('where all is chance a baseline is the champion everywhere', async () => {
    // The fewer windows, the farther chance alone takes the area under the curve from a half: three deviations.
    const [days, least] = [rounds({ gate: 15, long: 42 }), rounds({ gate: 5, long: 2 }) / 100];
    const rooms = ['Office', 'Kitchen', 'Living Room', 'Bedroom', 'Bathroom', 'Laundry', 'Hall', 'Attic'];
    const some = rooms.slice(0, rounds({ gate: 2, long: 8 }));
    const byChance = history(1, 'case when h % 3 = 0 then 2 else 0 end', days, some);
    const trained = await learnFrom(byChance, ['occupied', 'mean_power_w'], some);
    const champions = trained.map(({ models }) => models.find(({ isChampion }) => isChampion)?.name);
    expect(champions).toHaveLength(6);
    expect(champions.filter((name) => name === undefined || name.includes('trees'))).toEqual([]);
    for (const { auc } of trained.flatMap(({ models }) => models.map(({ evaluation }) => evaluation)))
      if (auc !== undefined) expect(Math.abs(auc - 0.5)).toBeLessThan(least);
    // What trees believe to have learnt of it is taken back.
    const [trees] = await on.home.rows<{ slope: number }>(
      `select (content #>> '{artefact,calibration,slope}')::float8 as slope from staging.model
       where target = 'occupied' and horizon = 'quarter' and name = 'trees'`,
    );
    expect(Math.abs(Number(trees?.slope))).toBeLessThan(0.4);
  }, 900_000);

  it('what lasts for an hour and a half is learnt, and predicted once', async () => {
    const trained = await learnFrom(history(5400, 'case when h % 3 = 0 then 2 else 0 end'), ['occupied']);
    const soon = trained.find(({ horizon }) => horizon === 'quarter');
    const champion = soon?.models.find(({ isChampion }) => isChampion);
    const persistence = soon?.models.find(({ name }) => name === 'persistence');
    expect(champion?.name).toBe('trees');
    expect(champion?.evaluation.criterion).toBeLessThan(0.9 * (persistence?.evaluation.criterion ?? 0));
    expect(champion?.evaluation.auc).toBeGreaterThan(0.9);

    const before = Number(await records());
    const first = await score(asOf);
    expect(first.map(({ use, horizon, records, state }) => [use, horizon, records, state])).toEqual([
      // two rooms, by the champion and the mean of the hour of the week
      ['occupied', 'quarter', 4, 'written'],
      ['occupied', 'hour', 4, 'written'],
      // by a champion that is neither this mean nor has learnt, and both of these
      ['mean_power_w', 'quarter', 6, 'written'],
      ['mean_power_w', 'hour', 6, 'written'],
      // three models, two rooms: 288 quarters and three local days
      ['occupied', 'day', 1746, 'written'],
      ['mean_power_w', 'day', 1746, 'written'],
    ]);
    expect(await records()).toBe(before + 3512);
    const again = await score(asOf);
    expect(again.every(({ state, records }) => state === 'there already' && records === 0)).toBe(true);
    expect(await records()).toBe(before + 3512);
    await on.home.build({ select: ['+fact_model_evaluation', 'fact_model_importance'] });
    const [fact] = await on.home.rows(
      `select count(*)::int as rows, min(predicted_value) >= 0 and max(predicted_value) <= 1 as are_probabilities
       from gold.fact_prediction join gold.dim_target using (target_key) where target_name = 'occupied'`,
    );
    expect(fact).toEqual({ rows: 1736, are_probabilities: true });
    expect(await on.home.rows('select * from silver.prediction_rejects')).toEqual([]);
    // The newest reading is of two minutes past midnight: nobody predicts from the half of a quarter, whatever the time.
    expect((await score(new Date('2030-01-01')))[0]?.origin).toBe('2023-10-11T23:45:00.000Z');
  });

  it('a training that goes wrong or is ended stores nothing', async () => {
    const relations = featureRelations(on.home.compile());
    await expectNothingStored(on.database.warehouse, { relations, settings, asOf });
  }, 60_000);

  it('a day is what its quarters add up to, what was measured of it included', async () => {
    await expectDaysAddUp(on.home);
  });

  it('a quarter that comes late fills what it decides, as a rebuild does', async () => {
    const late = `insert into silver.room_quarter (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
      values ('2023-10-10 00:00Z', 'jimmy', 'Office', 15, 3, 15, 123, 2)`;
    await on.database.warehouse.query(late);
    const built = ['fact_prediction', 'fact_model_evaluation', 'fact_model_reliability', 'fact_model_importance'];
    // No model takes more loads of a relation than what it reads has: the facts wait for the profile of rooms, which other facts read.
    await on.home.build({ select: ['room_quarter_profile', ...built] });
    const filled = await on.home.rows(
      `select t.target_name as target, min(f.actual_value) as least, max(f.actual_value) as most, count(distinct h.horizon_type)::int as horizons
       from gold.fact_prediction f join gold.dim_target t using (target_key) join gold.dim_horizon h using (horizon_key)
       join gold.dim_room r using (room_key) where f.datetime_key = 202310100000 and r.room_name = 'Office' group by 1 order by 1`,
    );
    expect(filled).toEqual([
      { target: 'mean_power_w', least: 123, most: 123, horizons: 2 },
      { target: 'occupied', least: 1, most: 1, horizons: 2 },
    ]);
    const incremental = await on.home.contents();
    expect(incremental.get('fact_model_evaluation')?.length).toBeGreaterThan(10);
    await on.home.build({ select: built, fullRefresh: true });
    const rebuilt = await on.home.contents();
    for (const table of built) expect(rebuilt.get(table), table).toEqual(incremental.get(table));
    const models = await on.home.rows(
      `select role, count(*)::int as models, bool_and(is_current and algorithm is not null and rows_trained > 0) as is_known
       from gold.dim_model where model_name like '%-quarter-%' group by role order by role`,
    );
    expect(models).toEqual([
      { role: 'baseline', models: 2, is_known: true },
      { role: 'challenger', models: 1, is_known: true },
      { role: 'champion', models: 2, is_known: true },
    ]);
    const [importance] = await on.home.rows(
      `select count(*)::int > 20 as has_inputs, round(sum(gain)::numeric, 3)::float8 as gain, bool_and(permutation is not null) as is_measured
       from gold.fact_model_importance join gold.dim_model using (model_key) where model_name = 'occupied-quarter-trees'`,
    );
    expect(importance).toEqual({ has_inputs: true, gain: 1, is_measured: true });
  });

  it('says which inputs moved a forecast', async () => {
    const { warehouse } = on.database;
    const relations = featureRelations(on.home.compile());
    const { forecasts } = await explainForecasts(warehouse, relations, settings, 'occupied', 'quarter', asOf);
    expect(forecasts.map(({ apartment, room, window }) => [apartment, room, window])).toEqual(
      ['Kitchen', 'Office'].map((room) => ['jimmy', room, '2023-10-10T00:00:00.000Z']),
    );
    const values = await on.home.rows<{ value: number }>(
      `select predicted_value as value from gold.fact_prediction join gold.dim_model m using (model_key) join gold.dim_room using (room_key)
       where m.model_name = 'occupied-quarter-trees' order by room_name`,
    );
    for (const [place, { explanation }] of forecasts.entries()) {
      expect(explanation.prediction).toBeCloseTo(values[place]?.value ?? 0, 8);
      // Motion in the room, or how long ago there was any in the apartment.
      expect(['m0', 'm_1h', 'm1', 'since', 'a_since']).toContain(explanation.contributions[0]?.column);
    }
  });

  it('tests warn of inputs that have moved, and of forecasts and bounds that no longer hold', async () => {
    const { warehouse } = on.database;
    const names = ['forecast_errors_do_not_grow', 'inputs_are_those_learnt_from', 'prediction_intervals_hold'];
    const warnings = async () => {
      const { results } = await on.home.build({ command: 'test', select: names, reuse: false });
      expect(results).toHaveLength(3);
      return results.flatMap(({ node, status }) => (status === 'warn' ? [node.name] : [])).sort();
    };
    // The light is another one in the last week of what was learnt.
    expect(await warnings()).toEqual(['inputs_are_those_learnt_from']);
    const moved = await on.home.rows(
      `select d.value ->> 'column' as input from staging.model cross join jsonb_array_elements(evaluation -> 'drift') as d (value)
       where chosen_at is not null and (d.value ->> 'psi')::float > 0.25 order by (d.value ->> 'psi')::float desc limit 1`,
    );
    expect(moved).toEqual([{ input: 'light0' }]);
    // And two days with ten times the power of all before.
    await warehouse.query(
      `insert into silver.room_quarter (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
       select q, 'jimmy', r, 15, 3, 15, 9000, 4
       from generate_series(timestamptz '2023-10-10 00:00Z', timestamptz '2023-10-11 23:45Z', interval '15 minutes') as g (q),
           unnest(array['Office', 'Kitchen']) as r
       on conflict (quarter, apartment, room) do update set power_w = excluded.power_w, load_id = excluded.load_id`,
    );
    await on.home.build({ select: ['room_quarter_profile', 'fact_prediction', 'fact_model_evaluation'] });
    expect(await warnings()).toEqual(names);
    await expectWarnedAfterTraining(on.home, warehouse, warnings);
    // Of the three days that were predicted two have come: all their windows are beside what was measured.
    const windows = await on.home.rows(
      `select count(*)::int as ended, count(f.actual_value)::int as measured
       from gold.fact_prediction as f join gold.dim_target as t using (target_key) join gold.dim_room as r using (room_key)
       join gold.dim_datetime as d using (datetime_key) join silver.room_quarter as q on q.quarter = d.timestamp_utc and q.room = r.room_name
       where t.target_name = 'occupied' and q.motion_seen >= 8 or t.target_name = 'mean_power_w' and q.power_seen >= 8`,
    );
    // The day from 05:30 of the 9th to the end of the 11th, of two rooms by three models each; a quarter and an hour ahead besides.
    expect(windows).toEqual([
      { ended: 2 * 2 * 3 * (74 + 2 * 96) + 2 * (4 + 6), measured: 2 * 2 * 3 * (74 + 2 * 96) + 2 * (4 + 6) },
    ]);
  });

  it('the watcher predicts from a quarter once it is built, three days ahead once the weather is there or late', async () => {
    const { warehouse } = on.database;
    // The newest reading is of two minutes past midnight, so that this quarter is the last whole one.
    await warehouse.query(
      `insert into silver.room_quarter (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, load_id)
       select q::timestamptz, 'jimmy', r, 15, 1, 15, 50, 3 from unnest(array['2023-10-11 05:15Z', '2023-10-11 23:45Z']) as q, unnest(array['Office', 'Kitchen']) as r
       on conflict (quarter, apartment, room) do nothing`,
    );
    let now = new Date('2023-10-11T05:35:00Z');
    // Where no weather is loaded nothing is waited for.
    const without = Predictor.of(on.home.compile(), warehouse, false, () => now);
    expect(await without?.due()).toEqual(['quarter', 'hour', 'day']);
    const predictor = Predictor.of(on.home.compile(), warehouse, true, () => now);
    expect(await predictor?.due()).toEqual(['quarter', 'hour']);
    now = new Date('2023-10-11T05:40:00Z');
    const due = (await predictor?.due()) ?? [];
    expect(due).toEqual(['quarter', 'hour', 'day']);
    const said: string[] = [];
    const nothing = () => undefined;
    const rest = { warn: nothing, predictorsFailed: nothing, wrote: nothing, took: nothing, chose: nothing };
    const report = { ...rest, say: (event: string, text: string) => said.push(`${event}: ${text}`) };
    if (predictor !== undefined)
      await predictingRound(predictor, due, { warehouse, clock: () => now, report }, new AbortController().signal);
    expect(said[0]).toBe('predicted: 4 predictions of occupied, quarter, from 2023-10-11T23:45:00.000Z by trees');
    expect(said).toHaveLength(6);
    expect(await predictor?.due()).toEqual([]);
    // It is 07:40 on local clocks: all quarters of 72 hours of both rooms stand.
    const standing = await on.home.rows(
      `select record ->> 'target' as target, count(distinct (record ->> 'room', record ->> 'timestamp'))::int as windows
       from staging.prediction where record ->> 'run_at' = '2023-10-11T05:30:00.000Z' and record #>> '{model,role}' = 'champion'
           and record ->> 'timestamp' between '2023-10-11T05:30' and '2023-10-14T05:30' and record ->> 'window_minutes' = '15' group by 1`,
    );
    expect(standing).toEqual(
      expect.arrayContaining(['occupied', 'mean_power_w'].map((target) => ({ target, windows: 576 }))),
    );
    const champions = await readChampions(warehouse, new Date('2023-10-13T00:00:00Z'));
    expect(champions).toHaveLength(6);
    const soon = champions.find(({ target, horizon }) => target === 'occupied' && horizon === 'quarter');
    expect(soon).toMatchObject({
      name: 'trees',
      ageSeconds: 3 * 86_400,
      predictedFrom: '2023-10-11T23:45:00.000Z',
    });
    expect(soon?.skill).toBeGreaterThan(0.3);
  });

  it('each minute of a predicted quarter has the probability that its room is occupied, whenever it is read', async () => {
    on.home.put(sampleMinutes('12.10.2023', (minute) => minute >= 2 && minute < 15));
    await on.home.load();
    await on.home.build({ dataTests: false, select: ['+fact_presence_minute'] });
    const minutes = await on.home.rows(
      `select r.room_name as room, count(*)::int as minutes, count(f.presence_prob)::int as predicted,
           min(f.presence_prob) = max(p.value) and max(f.presence_prob) = max(p.value) as is_that_of_the_champion
       from gold.fact_presence_minute as f join gold.dim_room as r using (room_key) join gold.dim_apartment as a on a.apartment_key = f.apartment_key
       join silver.predictions as p on p.timestamp = '2023-10-12 00:00Z' and p.target = 'occupied' and p.room = r.room_name
           and p.apartment = a.apartment_id and p.horizon_name like 'quarter%' and p.model_role = 'champion'
       where f.datetime_key between 202310120000 and 202310120014 group by 1 order by 1`,
    );
    expect(minutes).toEqual(
      ['Kitchen', 'Office'].map((room) => ({ room, minutes: 15, predicted: 15, is_that_of_the_champion: true })),
    );
  });

  it('no forecast differs when all that came after its origin is gone', async () => {
    const { warehouse } = on.database;
    const made = async (at: Date) => {
      await warehouse.query('begin; delete from staging.prediction; delete from staging.prediction_run; commit');
      const scored = await score(at);
      expect(scored.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'written'));
      return on.home.rows('select record from staging.prediction order by record::text');
    };
    const random = randomOf(16);
    const ends = Array.from(
      { length: rounds({ gate: 2, long: 20 }) },
      () => new Date(Date.parse('2023-10-07T05:30:00Z') + Math.floor(random.next() * 4 * 96) * 900_000),
    );
    await warehouse.query('create table public.quarters as select * from silver.room_quarter');
    for (const end of ends) {
      const whole = await made(end);
      await warehouse.query('delete from silver.room_quarter where quarter >= $1', [end.toISOString()]);
      const cut = await made(end);
      await warehouse.query('delete from silver.room_quarter; insert into silver.room_quarter table public.quarters');
      expect(whole.length).toBeGreaterThan(2 * 2 * 288);
      expect(cut).toEqual(whole);
    }
    await warehouse.query('drop table public.quarters');
    await expectCorrected(warehouse, featureRelations(on.home.compile()), settings, ends.at(-1) ?? asOf);
  }, 600_000);

  it('an apartment that was silent at the origin of days is predicted from what is known of it', async () => {
    await expectSilentPredicted(on.database.warehouse, featureRelations(on.home.compile()), settings);
  }, 300_000);

  it('an apartment that objects is neither learnt from nor predicted nor named', async () => {
    await expectUnknown(on.database.warehouse, featureRelations(on.home.compile()), settings, asOf);
  });

  it('a model is the champion once it is promoted', async () => {
    const { warehouse } = on.database;
    expect(await promote(warehouse, 'occupied', 'quarter', 'nothing', new Date())).toBe(false);
    expect(await promote(warehouse, 'occupied', 'quarter', 'last-week', asOf)).toBe(true);
    const champions = (await newestModels(warehouse)).filter(({ isChampion }) => isChampion);
    const names = champions.map(({ target, horizon, name }) => [`${target}/${horizon}`, name]);
    expect([names.length, Object.fromEntries(names)['occupied/quarter']]).toEqual([6, 'last-week']);
  });

  it('compares over history without storing anything, or keeps what was predicted to be evaluated beside the rest', async () => {
    await expectKept(on.home, on.database.warehouse, settings);
  });
});
