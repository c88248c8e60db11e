import { columnNamed, columnsNamed } from '../learning/data/matrix.ts';
import type { Artefact, ModelSpec } from '../learning/model/spec.ts';
import { trainInThread } from '../learning/worker/training.ts';
import { baselinesOf, type Learners, learnersOf, type Means } from './candidates.ts';
import { dayMs, type Examples, quarterMs } from './examples.ts';
import { inputsOf } from './inputs.ts';
import { dayWeightsOf, levelsOf, weightsOf } from './levels.ts';
import { type Measured, measured } from './measure.ts';
import { type Content, forecastsOf } from './models.ts';
import { burstsOf } from './recent.ts';
import { at, positions, roomsOf } from './rows.ts';
import type { Horizon, Use } from './settings.ts';

/** What is learnt of the daily forecasts: every third quarter of a day, another one each day, is as good and quicker. */
const thinning = 3;

/** What is compared, on which examples. */
export interface Comparison {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly before: Past;
  /** What the forecasts are compared with; all later than that. */
  readonly test: Examples;
  readonly codes: readonly string[];
  /** Whether there is enough to learn from; else only baselines are compared. */
  readonly learns: boolean;
  /** What is trained; that of candidates.ts if not given. */
  readonly learners?: Learners | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model beside its forecasts of the test examples. */
export interface Judged {
  readonly name: string;
  /** Of a model that has learnt, what it is trained by. */
  readonly spec?: ModelSpec;
  readonly content: Content;
  readonly values: Float64Array;
  readonly evaluation: Measured;
}

/** Trains all candidates on what came before, and compares them and the baselines with what came true after. */
export async function compare(comparison: Comparison): Promise<readonly Judged[]> {
  const { use, horizon, before, test, codes, learns, learners = learnersOf, signal } = comparison;
  const means = meansOf(before.ended, codes.length);
  const judged = (name: string, content: Content, spec?: ModelSpec): Judged => {
    const { values } = forecastsOf(use, content, test);
    const evaluation = measured(use, values, test.labels, roomsOf(test));
    return { name, content, values, evaluation, ...(spec === undefined ? {} : { spec }) };
  };
  const all = baselinesOf(horizon).map((baseline) => judged(baseline, { kind: 'baseline', baseline, codes, means }));
  if (!learns || before.learnt.matrix.rows === 0) return all;
  for (const [name, spec] of Object.entries(learners(use, horizon))) {
    const learned = await learn({ use, horizon, codes, spec }, before, signal);
    all.push(judged(name, { kind: 'learned', ...learned, codes, means }, spec));
  }
  return all;
}

/** A trained model, and what of its rooms its forecasts are corrected by: as in `Content`. */
export interface Learned {
  readonly artefact: Artefact;
  readonly levels?: readonly number[];
  readonly bursts?: readonly number[];
  readonly dayWeights?: readonly number[];
}

/** Trains a model in a thread of its own; of power, says at which level its forecasts of each room are and how its bursts are, or of days ahead how far they are drawn to the last one. */
export async function learn(
  { use, horizon, codes, spec }: Pick<Comparison, 'use' | 'horizon' | 'codes'> & { readonly spec: ModelSpec },
  { known, rows, learnt, ended }: Past,
  signal: AbortSignal | undefined,
): Promise<Learned> {
  const columns = inputsOf(use, horizon);
  const matrix = { ...known.matrix, columns, values: columnsNamed(known.matrix, columns) };
  const job = { spec, matrix, rows, target: learnt.labels };
  const options = signal === undefined ? {} : { signal };
  if (use === 'occupied') return { artefact: (await trainInThread(job, options)).artefact };
  const weights = weightsOf(learnt, codes.length);
  const predicts = horizon !== 'day';
  const { artefact, predictions } = await trainInThread({ ...job, weights, predicts }, options);
  return predictions === undefined
    ? { artefact, dayWeights: dayWeightsOf(ended, codes.length) }
    : { artefact, levels: levelsOf(predictions, learnt, codes.length), bursts: burstsOf(learnt, codes.length) };
}

/** Whether an example is learnt from. */
export function isLearnt(horizon: Horizon, { origins, targets }: Examples, row: number): boolean {
  if (horizon !== 'day') return true;
  const ahead = ((targets[row] ?? 0) - (origins[row] ?? 0)) / quarterMs;
  return (ahead + Math.floor((origins[row] ?? 0) / dayMs)) % thinning === 0;
}

/** What may be learnt from, once it is known what came true. */
export interface Past {
  readonly known: Examples;
  /** The positions of what models learn from: of the daily forecasts a part. */
  readonly rows: Int32Array;
  /** What models learn from, with few columns. */
  readonly learnt: Examples;
  /** All of it, with few columns. */
  readonly ended: Examples;
}

/** What means, levels, bursts and weights of rooms, rows and days are made of: to pick all columns would take as much memory again. */
const columnsOfRooms = ['room', 'hour', 'ahead', 'dn', 'p_7d'];

/** The examples whose windows had ended by a time: milliseconds. */
export function pastOf(horizon: Horizon, known: Examples, time: number): Past {
  const ended = positions(known, (row) => (known.targets[row] ?? 0) + quarterMs <= time);
  const rows = ended.filter((row) => isLearnt(horizon, known, row));
  const learnt = at(known, rows, columnsOfRooms);
  const all = rows.length === ended.length ? learnt : at(known, ended, columnsOfRooms);
  return { known, rows: Int32Array.from(rows), learnt, ended: all };
}

/** The examples whose origins end within two times, the later one not itself: milliseconds. */
export function predictedWithin(examples: Examples, from: number, to: number): Examples {
  return at(
    examples,
    positions(examples, (row) => {
      const made = (examples.origins[row] ?? 0) + quarterMs;
      return made >= from && made < to;
    }),
  );
}

/** The means of the labels of each room, by its code, and of all. */
export function meansOf({ matrix, labels, targets }: Examples, codes: number): Means {
  const all = new Mean();
  const rooms = Array.from({ length: codes }, () => ({
    mean: new Mean(),
    hours: Array.from({ length: 24 }, () => new Mean()),
    since: Number.POSITIVE_INFINITY,
  }));
  const [roomOf, hourOf] = [columnNamed(matrix, 'room'), columnNamed(matrix, 'hour')];
  labels.forEach((label, row) => {
    all.add(label);
    const room = rooms[roomOf[row] ?? -1];
    if (room === undefined) return;
    room.mean.add(label);
    room.hours[hourOf[row] ?? -1]?.add(label);
    room.since = Math.min(room.since, targets[row] ?? room.since);
  });
  return {
    all: all.value ?? 0,
    rooms: rooms.map(({ mean }) => mean.value),
    hours: rooms.map(({ hours }) => hours.map(({ value }) => value)),
    since: rooms.map(({ since }) => (Number.isFinite(since) ? since : null)),
  };
}

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count += 1;
  }

  /** Null of nothing. */
  get value(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }
}
