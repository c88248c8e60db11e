// What the program predicts itself: whether rooms are occupied, and their power.
//
//   1. settings.ts    the variable `predictions` of project.yml
//   2. inputs.ts      which columns of the feature models are inputs, and the query of examples
//   3. examples.ts, filling.ts, rows.ts  features in temporary tables, examples as columns of numbers
//   4. candidates.ts  baselines, and what is trained
//   5. measure.ts, judge.ts, champion.ts  how wrong each is on what came after; which is the best
//   6. calibration.ts  probabilities that were off; levels.ts, recent.ts, empty-homes.ts  the level of forecasts of power, what the last day says of it, and who is away; intervals.ts, days.ts  bounds; whole days and theirs
//   7. models.ts      versions of models in staging.model, champions, forecasts of one; new-rooms.ts  which predicts which room
//   8. train.ts       trains, compares, chooses, stores; fits.ts, turns.ts  what is trained side by side; left-out.ts  what it does without; walk.ts, backtest.ts  only compares, step by step over history
//   9. origin.ts, score.ts, records.ts  what is due, and its records in staging.prediction; explain.ts  why
//
// At the end nothing that was measured after an origin has been read for it, and each origin has been predicted from once.
import { availableParallelism } from 'node:os';
import { driftOf } from '../learning/measure/drift.ts';
import { permutationImportance } from '../learning/measure/importance.ts';
import { calibrated } from '../learning/model/artefact.ts';
import type { Artefact } from '../learning/model/spec.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { calibrationOn } from './calibration.ts';
import type { Learners } from './candidates.ts';
import { championAmong } from './champion.ts';
import { dayIntervalsOf } from './days.ts';
import { dayMs, type Examples, type FeatureRelations, quarterMs } from './examples.ts';
import { fitsOf } from './fits.ts';
import { isSteady } from './inputs.ts';
import { intervalsOf } from './intervals.ts';
import { meansOf, predictedWithin } from './judge.ts';
import { type LeftOut, leftOutOf } from './left-out.ts';
import { pruneModels, type StoredModel, storeModels } from './models.ts';
import { newestTime } from './origin.ts';
import { at, positions } from './rows.ts';
import { type Horizon, horizons, type PredictionSettings, type Use } from './settings.ts';
import { Turns, together } from './turns.ts';
import { type History, readHistories, withFeatures } from './walk.ts';

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
  /** Called for each use before anything is trained. */
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
  const { relations, settings, uses, asOf, learners, signal, onTrained, onLeftOut } = request;
  const until = Math.floor((await newestTime(warehouse, relations, asOf)) / quarterMs) * quarterMs;
  const span = { from: until - settings.historyDays * dayMs, to: until, until };
  const histories = await withFeatures(warehouse, relations, span, async (session) => {
    for (const use of uses) onLeftOut?.(await leftOutOf(session, settings, use));
    return readHistories(session, settings, span, uses, horizons);
  });
  const [turns, ofHistories] = [new Turns(atOnce), new Turns(atOnce)];
  let before: Promise<unknown> = Promise.resolve();
  const storedAfter = async (earlier: Promise<unknown>, made: Promise<Made>, ended: AbortSignal): Promise<Trained> => {
    const { models, trained } = await made;
    await earlier;
    // What waited while an earlier one was stored is not stored once all of it is to end.
    ended.throwIfAborted();
    if (models.length > 0) await storeModels(warehouse, models);
    onTrained?.(trained);
    return trained;
  };
  const one = (ended: AbortSignal): Promise<Trained> => {
    const made = ofHistories.take(ended, async () => {
      // Taken out, so that it is let go of at its end.
      const history = histories.shift() as History;
      return modelsOf({ ...history, settings, until, learners, turns, signal: ended });
    });
    // In the order of uses and horizons, whichever is made first.
    const stored = storedAfter(before, made, ended);
    before = stored;
    return stored;
  };
  const trained = await together(
    histories.map(() => one),
    signal,
  );
  await pruneModels(warehouse);
  return trained;
}

interface Task extends History {
  readonly settings: PredictionSettings;
  readonly until: number;
  readonly learners: Learners | undefined;
  readonly turns: Turns;
  readonly signal: AbortSignal;
}

/** The models of a use and horizon, and what is said of them. */
interface Made {
  readonly models: readonly StoredModel[];
  readonly trained: Trained;
}

async function modelsOf(task: Task): Promise<Made> {
  const { use, horizon, known, codes, settings, until } = task;
  const first = known.origins[0] ?? until;
  const last = known.targets.reduce((most, target) => Math.max(most, target), first) + quarterMs;
  const days = (last - first) / dayMs;
  const [fewest, rooms] = [2, settings.rooms[use]];
  const none = (tooShort: string): Made => ({ models: [], trained: { use, horizon, models: [], tooShort } });
  if (known.matrix.rows === 0 && rooms !== undefined)
    return none(`no readings of ${rooms.join(', ')}, the rooms of predictions.${use}`);
  if (days < fewest) return none(`${days.toFixed(1)} days of readings; ${fewest} are the least`);
  const cut = last - Math.min(14, Math.max(1, Math.floor(days / 3))) * dayMs;
  const test = predictedWithin(known, cut, Number.POSITIVE_INFINITY);
  const { judged, whole, renewed } = await fitsOf({ ...task, cut, test, learns: days >= settings.minDays });
  const contenders = judged.map(({ name, evaluation, content }) => ({
    name,
    evaluation,
    hasLearnt: content.kind === 'learned',
  }));
  const { champion, refused } = championAmong(use, contenders);
  const means = meansOf(known, codes.length);
  const lastWeek = predictedWithin(known, last - 7 * dayMs, Number.POSITIVE_INFINITY);
  const models = judged.map(({ name, evaluation, content, values }): StoredModel => {
    const recent = renewed.get(name) ?? values;
    const errors = {
      bounds: use === 'occupied' ? undefined : intervalsOf(recent, test, settings.interval),
      dayBounds: horizon === 'day' ? dayIntervalsOf(use, recent, test, settings.interval) : undefined,
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
    const learned = whole.get(name);
    // A baseline's version is what it is, whatever it is compared on.
    if (content.kind === 'baseline' || learned === undefined)
      return { ...common, version: '1', evaluation, content: { ...content, means, ...errors } };
    const importance = importanceOn(content.artefact, test);
    const calibration = use === 'occupied' ? calibrationOn(values, test) : undefined;
    const artefact = calibration === undefined ? learned.artefact : calibrated(learned.artefact, calibration);
    const moved = driftOf(artefact, lastWeek.matrix).filter(({ column }) => isSteady(horizon, column));
    return {
      ...common,
      version: artefact.checksum.slice(0, 12),
      evaluation: { ...evaluation, importance, drift: moved.slice(0, 10) },
      content: { ...content, ...learned, artefact, means, ...errors },
    };
  });
  const said = models.map(({ name, version, evaluation, chosenAt }) => ({
    name,
    version,
    evaluation,
    isChampion: chosenAt !== null,
  }));
  return { models, trained: { use, horizon, refused, models: said } };
}

/** How many threads train at once: a third one would make memory larger, and most servers of a household have two cores. */
const atOnce = Math.min(availableParallelism(), 2);

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
