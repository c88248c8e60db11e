// What the program predicts itself: whether rooms are occupied, and their power.
//
//   1. settings.ts    the variable `predictions` of project.yml
//   2. inputs.ts      which columns of the feature models are inputs, and the query of examples
//   3. examples.ts, filling.ts, rows.ts  features in temporary tables, examples as columns of numbers
//   4. candidates.ts  baselines, and what is trained
//   5. measure.ts, judge.ts, champion.ts  how wrong each is on what came after; which is the best
//   6. calibration.ts  probabilities that were off; levels.ts, recent.ts, intervals.ts, days.ts  the level of forecasts of power, and what the last day says of it; bounds; whole days and theirs
//   7. models.ts      versions of models in staging.model, champions, forecasts of one; new-rooms.ts  which predicts which room
//   8. train.ts       trains, compares, chooses, stores; left-out.ts  what it does without; walk.ts, backtest.ts  only compares, step by step over history
//   9. origin.ts, score.ts, records.ts  what is due, and its records in staging.prediction; explain.ts  why
//
// At the end nothing that was measured after an origin has been read for it, and each origin has been predicted from once.
import { driftOf } from '../learning/measure/drift.ts';
import { permutationImportance } from '../learning/measure/importance.ts';
import { calibrated } from '../learning/model/artefact.ts';
import type { Artefact } from '../learning/model/spec.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { calibrationOn } from './calibration.ts';
import type { Learners } from './candidates.ts';
import { championAmong } from './champion.ts';
import { dayIntervalsOf } from './days.ts';
import {
  dayMs,
  dropFeatures,
  type Examples,
  examplesOf,
  type FeatureRelations,
  prepareFeatures,
  quarterMs,
} from './examples.ts';
import { isSteady } from './inputs.ts';
import { intervalsOf } from './intervals.ts';
import { compare, type Judged, learn, meansOf, pastOf, predictedWithin } from './judge.ts';
import { type LeftOut, leftOutOf } from './left-out.ts';
import { forecastsOf, pruneModels, type StoredModel, storeModels } from './models.ts';
import { newestTime } from './origin.ts';
import { at, positions } from './rows.ts';
import { type Horizon, horizons, type PredictionSettings, type Use } from './settings.ts';
import { roomCodes } from './walk.ts';

/** What training is to do. */
export interface TrainingRequest {
  readonly relations: FeatureRelations;
  readonly settings: PredictionSettings;
  readonly uses: readonly Use[];
  /** Nothing measured from then on is read; undefined: all that is there is. */
  readonly asOf?: Date | undefined;
  /** What is trained; that of candidates.ts if not given. */
  readonly learners?: Learners | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onTrained?: ((done: Trained) => void) | undefined;
  /** Called before a use is trained. */
  readonly onLeftOut?: ((leftOut: LeftOut) => void) | undefined;
}

/** A model beside how wrong it was; or why nothing was trained. */
export interface Trained {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly models: readonly (Pick<StoredModel, 'name' | 'version' | 'evaluation'> & { readonly isChampion: boolean })[];
  /** Why a model that was less wrong than the champion is not it; by its name. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly tooShort?: string | undefined;
}

/**
 * Trains the models of each use and horizon, compares them with the baselines on the days that follow all that they had learnt
 * from (the last 14, or a third of a shorter history), and chooses the champion: a baseline, where no model is 1 % better.
 * Then each is trained on everything. All of a use and horizon is stored at once. While models are trained no session is held: others
 * use an embedded database then.
 */
export async function trainModels(warehouse: Warehouse, request: TrainingRequest): Promise<readonly Trained[]> {
  const all: Trained[] = [];
  for (const use of request.uses) all.push(...(await trainUse(warehouse, request, use)));
  await pruneModels(warehouse);
  return all;
}

/** A call a use: whatever it has read is let go of before more is read. */
async function trainUse(warehouse: Warehouse, request: TrainingRequest, use: Use): Promise<readonly Trained[]> {
  const { settings, learners, signal, onTrained } = request;
  const { known: all, codes, until } = await knownExamples(warehouse, request, use);
  const trained: Trained[] = [];
  for (const horizon of horizons) {
    signal?.throwIfAborted();
    const known = all.get(horizon);
    all.delete(horizon);
    if (known === undefined) continue;
    const done = await trainOne(warehouse, { use, horizon, known, codes, settings, until, learners, signal });
    onTrained?.(done);
    trained.push(done);
  }
  return trained;
}

/** The examples of a use by horizon, as far as it is known what came true. */
async function knownExamples(
  warehouse: Warehouse,
  { relations, settings, asOf, onLeftOut }: TrainingRequest,
  use: Use,
) {
  return warehouse.session(async (session) => {
    const newest = await newestTime(session, relations, asOf);
    const until = Math.floor(newest / quarterMs) * quarterMs;
    const from = until - settings.historyDays * dayMs;
    try {
      await prepareFeatures(session, relations, from, until);
      const codes = await roomCodes(session);
      onLeftOut?.(await leftOutOf(session, settings, use));
      const known = new Map<Horizon, Examples>();
      for (const horizon of horizons)
        known.set(
          horizon,
          await examplesOf(session, settings, { use, horizon, from, to: until, codes, isKnown: true }),
        );
      return { known, codes, until };
    } finally {
      await dropFeatures(session);
    }
  });
}

interface Task {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly known: Examples;
  readonly codes: readonly string[];
  readonly settings: PredictionSettings;
  readonly until: number;
  readonly learners: Learners | undefined;
  readonly signal?: AbortSignal | undefined;
}

async function trainOne(warehouse: Warehouse, task: Task): Promise<Trained> {
  const { use, horizon, known, codes, settings, until, signal } = task;
  const first = known.origins[0] ?? until;
  const last = known.targets.reduce((most, target) => Math.max(most, target), first) + quarterMs;
  const days = (last - first) / dayMs;
  const [fewest, rooms] = [2, settings.rooms[use]];
  if (known.matrix.rows === 0 && rooms !== undefined)
    return {
      use,
      horizon,
      models: [],
      tooShort: `no readings of ${rooms.join(', ')}, the rooms of predictions.${use}`,
    };
  if (days < fewest)
    return { use, horizon, models: [], tooShort: `${days.toFixed(1)} days of readings; ${fewest} are the least` };
  const cut = last - Math.min(14, Math.max(1, Math.floor(days / 3))) * dayMs;
  const test = predictedWithin(known, cut, Number.POSITIVE_INFINITY);
  const judged = await judgedSince(task, cut, test, days >= settings.minDays);
  const contenders = judged.map(({ name, evaluation, content }) => ({
    name,
    evaluation,
    hasLearnt: content.kind === 'learned',
  }));
  const { champion, refused } = championAmong(use, contenders);
  const models: StoredModel[] = [];
  const means = meansOf(known, codes.length);
  for (const one of judged) {
    const { name, evaluation, content, spec } = one;
    const values = use === 'occupied' ? one.values : await renewed(task, one, test, cut + 7 * dayMs);
    const errors = {
      bounds: use === 'occupied' ? undefined : intervalsOf(values, test, settings.interval),
      dayBounds: horizon === 'day' ? dayIntervalsOf(use, values, test, settings.interval) : undefined,
    };
    const common = {
      target: use,
      horizon,
      name,
      trainedFrom: new Date(first).toISOString(),
      trainedTo: new Date(last).toISOString(),
      rows: known.matrix.rows,
      apartments: [...new Set(known.apartments)].sort(),
      chosenAt: name === champion ? new Date(until).toISOString() : null,
    };
    if (content.kind === 'baseline' || spec === undefined) {
      // A baseline's version is what it is, whatever it is compared on.
      models.push({ ...common, version: '1', evaluation, content: { ...content, means, ...errors } });
      continue;
    }
    const importance = importanceOn(content.artefact, test);
    const all = pastOf(horizon, known, Number.POSITIVE_INFINITY);
    const learned = await learn({ use, horizon, codes, spec }, all, signal);
    const calibration = use === 'occupied' ? calibrationOn(one.values, test) : undefined;
    const artefact = calibration === undefined ? learned.artefact : calibrated(learned.artefact, calibration);
    const lastWeek = predictedWithin(known, last - 7 * dayMs, Number.POSITIVE_INFINITY);
    const moved = driftOf(artefact, lastWeek.matrix).filter(({ column }) => isSteady(horizon, column));
    models.push({
      ...common,
      version: artefact.checksum.slice(0, 12),
      evaluation: { ...evaluation, importance, drift: moved.slice(0, 10) },
      content: { ...content, ...learned, artefact, means, ...errors },
    });
  }
  await storeModels(warehouse, models);
  return {
    use,
    horizon,
    refused,
    models: models.map(({ name, version, evaluation, chosenAt }) => ({
      name,
      version,
      evaluation,
      isChampion: chosenAt !== null,
    })),
  };
}

/** All candidates, trained on what had ended by the cut. A call of its own: what they learnt from is let go of before the whole is learnt from. */
function judgedSince(task: Task, cut: number, test: Examples, learns: boolean): Promise<readonly Judged[]> {
  const { use, horizon, known, codes, learners, signal } = task;
  const before = pastOf(horizon, known, cut);
  return compare({ use, horizon, before, test, codes, learns, learners, signal });
}

/**
 * The forecasts of a model that learns again at a time, and so is a week old at most, as all that predict are younger than a day: bounds made
 * of the errors of one that is two weeks old would be too wide.
 */
async function renewed(task: Task, { spec, content, values }: Judged, test: Examples, time: number) {
  const { use, horizon, known, codes, signal } = task;
  const late = positions(test, (row) => (test.origins[row] ?? 0) + quarterMs >= time);
  if (spec === undefined || late.length === 0) return values;
  const learned = await learn({ use, horizon, codes, spec }, pastOf(horizon, known, time), signal);
  const again = forecastsOf(use, { ...content, kind: 'learned', ...learned }, at(test, late));
  const all = values.slice();
  for (const [place, row] of late.entries()) all[row] = again.values[place] ?? 0;
  return all;
}

/** On how many rows importance is measured at most: it scores them once for each column. */
const importanceRows = 3000;

function importanceOn(artefact: Artefact, test: Examples) {
  const step = Math.max(1, Math.ceil(test.matrix.rows / importanceRows));
  const some = at(
    test,
    positions(test, (row) => row % step === 0),
  );
  return permutationImportance(artefact, some.matrix, some.labels);
}
