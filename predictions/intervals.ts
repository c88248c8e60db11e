import { adapted, fewestErrors, type Interval, intervalOf } from '../learning/measure/conformal.ts';
import { smallestScale } from './candidates.ts';
import { dayMs, type Examples, quarterMs } from './examples.ts';
import { grouped, roomsOf } from './rows.ts';

/** Bounds of the error, in units of the scale of a forecast: of each room by how large the forecast is, and of all. */
export interface Intervals {
  readonly all: Interval;
  /** By `<apartment>/<room>`, of those with errors enough. */
  readonly rooms: Readonly<Record<string, RoomIntervals>>;
}

interface RoomIntervals {
  /** Where the next larger forecasts begin, in units of what is usual in the room, ascending. */
  readonly edges: readonly number[];
  /** One more than edges: of the smallest forecasts first. */
  readonly intervals: readonly Interval[];
  /** The share that they are made for: what follows from past misses. */
  readonly missShare: number;
}

/** What is usual in the room of each row: its mean power of seven days, in W. */
export function scalesOfRooms(matrix: Examples['matrix']): Float64Array {
  const usual = matrix.values[matrix.columns.indexOf('p_7d')] ?? new Float64Array(matrix.rows);
  return usual.map((value) => (value > smallestScale ? value : smallestScale));
}

/**
 * How large forecasts are in units of what is usual, and what their errors are divided by: half of it is the forecast itself, for what
 * draws much errs by much.
 */
function sizesOf(values: Float64Array, { matrix }: Examples) {
  const usual = scalesOfRooms(matrix);
  return {
    sizes: values.map((value, row) => value / (usual[row] ?? 1)),
    scales: values.map((value, row) => (value + (usual[row] ?? 1)) / 2),
  };
}

/** Into how many parts the forecasts of a room are divided by their size, at most. */
const mostParts = 6;

/** A forecast beside what came true. Times are milliseconds. */
interface Known {
  readonly made: number;
  readonly ended: number;
  readonly size: number;
  readonly error: number;
}

/**
 * Intervals from the errors of forecasts that were made before what they are compared with was learnt: those of a room in parts of equally
 * many forecasts, from its smallest to its largest, for a device that rests is forecast otherwise than one that runs (Bostrom, Johansson and
 * Lofstrom, "Mondrian conformal predictive distributions", Proceedings of Machine Learning Research 152, 2021).
 * @param share of values that intervals are to hold.
 * @returns undefined after too few errors.
 */
export function intervalsOf(values: Float64Array, test: Examples, share: number): Intervals | undefined {
  const { sizes, scales } = sizesOf(values, test);
  const errors = test.labels.map((label, row) => (label - (values[row] ?? 0)) / (scales[row] ?? 1));
  const all = intervalOf(errors, 1 - share);
  if (all === undefined) return undefined;
  const rooms: Record<string, RoomIntervals> = {};
  const names = roomsOf(test);
  for (const [room, rows] of grouped(errors.length, (row) => names[row] ?? '')) {
    const known = rows.map((row) => ({
      made: (test.origins[row] ?? 0) + quarterMs,
      ended: (test.targets[row] ?? 0) + quarterMs,
      size: sizes[row] ?? 0,
      error: errors[row] ?? 0,
    }));
    const made = madeOf(known, missShareOf(known, 1 - share));
    if (made !== undefined) rooms[room] = made;
  }
  return { all, rooms };
}

/** Fewer days of errors are too few to judge intervals by that are made of them. */
const daysBefore = 7;

/**
 * The share to make the next intervals of a room for. What would have been predicted is gone through day by day: intervals are made of
 * the errors that were known in the morning, hold for the forecasts that are made that day, and what those missed is known when their
 * windows have ended, of days ahead one to three days later.
 */
function missShareOf(known: readonly Known[], target: number): number {
  const last = known.reduce((most, { ended }) => Math.max(most, ended), Number.NEGATIVE_INFINITY);
  const first = known.reduce((least, { ended }) => Math.min(least, ended), last);
  const isMissed = new Map<Known, boolean>();
  let missShare = target;
  for (let before = Math.ceil((last - first) / dayMs) - daysBefore; before >= 0; before -= 1) {
    const morning = last - before * dayMs;
    const ended = known.filter((one) => one.ended <= morning);
    const news = ended.flatMap((one) => (one.ended > morning - dayMs ? (isMissed.get(one) ?? []) : []));
    if (news.length > 0) missShare = adapted(missShare, news.filter(Boolean).length / news.length, target);
    const made = madeOf(ended, missShare);
    if (made === undefined) continue;
    for (const one of known)
      if (one.made >= morning && one.made < morning + dayMs) {
        const { lower, upper } = ofSize(made, one.size);
        isMissed.set(one, one.error < lower || one.error > upper);
      }
  }
  return missShare;
}

function madeOf(known: readonly Known[], missShare: number): RoomIntervals | undefined {
  const whole = intervalOf(
    Float64Array.from(known, ({ error }) => error),
    missShare,
  );
  if (whole === undefined) return undefined;
  const sizes = Float64Array.from(known, ({ size }) => size).sort();
  const parts = Math.min(mostParts, Math.floor(known.length / fewestErrors));
  const edges = Array.from(
    { length: parts - 1 },
    (_, part) => sizes[Math.floor((sizes.length * (part + 1)) / parts)] ?? 0,
  );
  const bySize = grouped(known.length, (row) => String(partOf(edges, known[row]?.size ?? 0)));
  const intervals = Array.from({ length: parts }, (_, part) => {
    const errors = Float64Array.from(bySize.get(String(part)) ?? [], (row) => known[row]?.error ?? 0);
    // Where many forecasts are the same, a part has few.
    return intervalOf(errors, missShare) ?? whole;
  });
  return { edges, intervals, missShare };
}

function partOf(edges: readonly number[], size: number): number {
  const part = edges.findIndex((edge) => size < edge);
  return part < 0 ? edges.length : part;
}

function ofSize({ edges, intervals }: RoomIntervals, size: number): Interval {
  return intervals[partOf(edges, size)] as Interval;
}

/** The bounds of forecasts, one a row, never below 0. */
export function boundsOf(
  { all, rooms }: Intervals,
  values: Float64Array,
  examples: Examples,
): { readonly lower: Float64Array; readonly upper: Float64Array } {
  const { sizes, scales } = sizesOf(values, examples);
  const intervals = roomsOf(examples).map((room, row) => {
    const ofRoom = rooms[room];
    return ofRoom === undefined ? all : ofSize(ofRoom, sizes[row] ?? 0);
  });
  const bound = (end: 'lower' | 'upper') =>
    values.map((value, row) => Math.max(value + (intervals[row]?.[end] ?? 0) * (scales[row] ?? 1), 0));
  return { lower: bound('lower'), upper: bound('upper') };
}
