// What the program predicts itself: whether rooms are occupied, and their power.
//
//   1. settings.ts    the variable `predictions` of project.yml
//   2. inputs.ts      which columns of the feature models are inputs, and the query of examples
//   3. examples.ts    features in temporary tables, examples as columns of numbers
//   4. candidates.ts  baselines, and what is trained
//   5. measure.ts     how wrong a model was
//   6. models.ts      versions of models in staging.model, champions, forecasts of one
//   7. train.ts       trains, compares, chooses, stores
//   8. origin.ts, score.ts  what is due, and its records in staging.prediction
//
// At the end nothing that was measured after an origin has been read for it, and each origin has been predicted from once.
import { type Matrix, rowsAt, valuesAt } from '../learning/data/matrix.ts';
import { intervalOf } from '../learning/measure/conformal.ts';
import { trainInThread } from '../learning/worker/training.ts';
import type { Session, Warehouse } from '../warehouse/warehouse.ts';
import { baselinesOf, learnersOf, type Means } from './candidates.ts';
import {
  dayMs,
  dropFeatures,
  type Examples,
  examplesOf,
  type FeatureRelations,
  prepareFeatures,
  quarterMs,
} from './examples.ts';
import { type Measured, measured } from './measure.ts';
import { type Content, type Forecasts, forecastsOf, type StoredModel, scalesOfRooms, storeModels } from './models.ts';
import { newestTime } from './origin.ts';
import { type Horizon, horizons, type PredictionSettings, type Use } from './settings.ts';

/** What training is to do. */
export interface TrainingRequest {
  readonly relations: FeatureRelations;
  readonly settings: PredictionSettings;
  readonly uses: readonly Use[];
  /** Nothing measured from then on is read; undefined: all that is there is. */
  readonly asOf?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onTrained?: ((done: Trained) => void) | undefined;
}

/** A model beside how wrong it was; or why nothing was trained. */
export interface Trained {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly models: readonly (Pick<StoredModel, 'name' | 'version' | 'evaluation'> & { readonly isChampion: boolean })[];
  readonly tooShort?: string | undefined;
}

/** How much better than the best baseline a model has to be to become the champion. */
const worthIt = 0.99;
/** What is learnt from of the daily forecasts: every third quarter of a day, another one each day, is as good and quicker. */
const thinning = 3;

/**
 * Trains the models of each use and horizon, compares them with the baselines on the days that follow all that they had learnt
 * from (the last 14, or a third of a shorter history), and chooses the champion: a baseline, where no model is 1 % better.
 * Then each is trained on everything. All of a use and horizon is stored at once.
 */
export async function trainModels(warehouse: Warehouse, request: TrainingRequest): Promise<readonly Trained[]> {
  const { relations, settings, uses, asOf, signal, onTrained } = request;
  return warehouse.session(async (session) => {
    const newest = await newestTime(session, relations, asOf);
    const until = Math.floor(newest / quarterMs) * quarterMs;
    const from = until - settings.historyDays * dayMs;
    try {
      await prepareFeatures(session, relations, from, until);
      const codes = await roomCodes(session);
      const all: Trained[] = [];
      for (const use of uses)
        for (const horizon of horizons) {
          signal?.throwIfAborted();
          const known = onlyKnown(await examplesOf(session, settings, { use, horizon, from, to: until, codes }));
          const done = await trainOne(session, { use, horizon, known, codes, settings, until, signal });
          onTrained?.(done);
          all.push(done);
        }
      return all;
    } finally {
      await dropFeatures(session);
    }
  });
}

async function roomCodes(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query<{ code: string }>(
    `select distinct apartment || '/' || room as code from predict_state order by 1`,
  );
  return rows.map(({ code }) => code);
}

interface Task {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly known: Examples;
  readonly codes: readonly string[];
  readonly settings: PredictionSettings;
  readonly until: number;
  readonly signal?: AbortSignal | undefined;
}

async function trainOne(session: Session, task: Task): Promise<Trained> {
  const { use, horizon, known, codes, settings, until, signal } = task;
  const first = known.origins[0] ?? until;
  const last = known.targets.reduce((most, target) => Math.max(most, target), first) + quarterMs;
  const days = (last - first) / dayMs;
  if (days < 2) return { use, horizon, models: [], tooShort: `${days.toFixed(1)} days of readings; 2 are the least` };
  const cut = last - Math.min(14, Math.max(1, Math.floor(days / 3))) * dayMs;
  const before = positions(known, (row) => (known.targets[row] ?? 0) + quarterMs <= cut);
  const test = at(
    known,
    positions(known, (row) => (known.origins[row] ?? 0) + quarterMs >= cut),
  );
  const means = meansOf(at(known, before), codes.length);
  const trainedFrom = new Date(first).toISOString();
  const trainedTo = new Date(last).toISOString();
  const found: Found[] = [];
  const judge = (name: string, content: Content): Forecasts => {
    const forecasts = forecastsOf(use, content, test);
    const evaluation = measured(use, forecasts.values, test.labels, roomsOf(test));
    found.push({
      name,
      evaluation,
      content: { ...content, interval: intervalOfErrors(use, forecasts, test, settings) },
    });
    return forecasts;
  };
  for (const baseline of baselinesOf(horizon)) judge(baseline, { kind: 'baseline', baseline, codes, means });
  if (days >= settings.minDays)
    for (const [name, spec] of Object.entries(learnersOf(use, horizon))) {
      const learn = (rows: readonly number[]) => {
        const thinned = horizon === 'day' ? rows.filter((row) => isLearnt(known, row)) : rows;
        return trainInThread(
          { spec, matrix: rowsAt(known.matrix, thinned), target: valuesAt(known.labels, thinned) },
          signal === undefined ? {} : { signal },
        );
      };
      judge(name, { kind: 'learned', artefact: await learn(before), codes, means });
      const judged = found[found.length - 1];
      if (judged === undefined) continue;
      const artefact = await learn(positions(known, () => true));
      found[found.length - 1] = { ...judged, content: { ...judged.content, kind: 'learned', artefact } };
    }
  const champion = championAmong(found);
  const models = found.map(({ name, evaluation, content }) => ({
    target: use,
    horizon,
    name,
    version: content.kind === 'learned' ? content.artefact.checksum.slice(0, 12) : '1',
    trainedFrom,
    trainedTo,
    rows: known.matrix.rows,
    apartments: [...new Set(known.apartments)].sort(),
    evaluation,
    content,
    chosenAt: name === champion ? new Date(until).toISOString() : null,
  }));
  await storeModels(session, models);
  return {
    use,
    horizon,
    models: models.map(({ name, version, evaluation, chosenAt }) => ({
      name,
      version,
      evaluation,
      isChampion: chosenAt !== null,
    })),
  };
}

interface Found {
  readonly name: string;
  readonly evaluation: Measured;
  readonly content: Content;
}

/** The best model, unless the best baseline is as good. */
function championAmong(found: readonly Found[]): string | undefined {
  const best = (kind: Content['kind']) =>
    found
      .filter(({ content }) => content.kind === kind)
      .reduce<Found | undefined>(
        (least, one) => (least === undefined || one.evaluation.criterion < least.evaluation.criterion ? one : least),
        undefined,
      );
  const [baseline, learned] = [best('baseline'), best('learned')];
  if (learned === undefined || baseline === undefined) return (learned ?? baseline)?.name;
  return learned.evaluation.criterion <= worthIt * baseline.evaluation.criterion ? learned.name : baseline.name;
}

function intervalOfErrors(use: Use, { values }: Forecasts, test: Examples, settings: PredictionSettings) {
  if (use === 'occupied') return undefined;
  const scales = scalesOfRooms(test.matrix);
  const errors = test.labels.map((label, row) => (label - (values[row] ?? 0)) / (scales[row] ?? 1));
  return intervalOf(errors, 1 - settings.interval);
}

function isLearnt({ origins, targets }: Examples, row: number): boolean {
  const ahead = ((targets[row] ?? 0) - (origins[row] ?? 0)) / quarterMs;
  return (ahead + Math.floor((origins[row] ?? 0) / dayMs)) % thinning === 0;
}

function positions({ matrix }: Examples, isWanted: (row: number) => boolean): readonly number[] {
  return Array.from({ length: matrix.rows }, (_, row) => row).filter(isWanted);
}

function onlyKnown(examples: Examples): Examples {
  return at(
    examples,
    positions(examples, (row) => !Number.isNaN(examples.labels[row])),
  );
}

function at(examples: Examples, rows: readonly number[]): Examples {
  const matrix: Matrix = rowsAt(examples.matrix, rows);
  const texts = (of: readonly string[]) => rows.map((row) => of[row] ?? '');
  return {
    matrix,
    origins: valuesAt(examples.origins, rows),
    targets: valuesAt(examples.targets, rows),
    days: valuesAt(examples.days, rows),
    labels: valuesAt(examples.labels, rows),
    apartments: texts(examples.apartments),
    rooms: texts(examples.rooms),
  };
}

function roomsOf({ apartments, rooms }: Examples): readonly string[] {
  return rooms.map((room, row) => `${apartments[row]}/${room}`);
}

function meansOf({ matrix, labels }: Examples, codes: number): Means {
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  const byRoom = Array.from({ length: codes }, (): number[] => []);
  const rooms = matrix.values[matrix.columns.indexOf('room')];
  labels.forEach((label, row) => {
    byRoom[rooms?.[row] ?? -1]?.push(label);
  });
  return { rooms: byRoom.map(mean), all: mean([...labels]) ?? 0 };
}
