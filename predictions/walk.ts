import type { Session, Warehouse } from '../warehouse/warehouse.ts';
import {
  dayMs,
  dropFeatures,
  type Examples,
  examplesOf,
  type FeatureRelations,
  featureSession,
  prepareFeatures,
} from './examples.ts';
import { inputsOf } from './inputs.ts';
import { type Past, pastOf, predictedWithin } from './judge.ts';
import type { Horizon, PredictionSettings, Use } from './settings.ts';

/** A stretch of history that is gone through step by step. */
export interface Walk {
  readonly settings: PredictionSettings;
  /** The first forecast is made then, the last before the end. */
  readonly from: Date;
  readonly to: Date;
  /** How often models are trained again: milliseconds. */
  readonly stepMs: number;
}

/** A step: what had ended when it began, and what was predicted until the next one. */
export interface Step {
  readonly start: number;
  readonly before: Past;
  readonly test: Examples;
  /** Whether there was enough to learn from by then. */
  readonly learns: boolean;
}

/** The examples of a use and horizon of which it is known what came true, and how rooms are numbered in them. */
export interface History {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly known: Examples;
  readonly codes: readonly string[];
}

/** Which origins are read: milliseconds. */
export interface Span {
  readonly from: number;
  /** The end of origins; not itself one. */
  readonly to: number;
  /** Nothing measured from then on is read. */
  readonly until: number;
}

/** The origins of all steps, and of what is learnt before the first one. */
function spanOf({ settings, from, to }: Walk): Span {
  const last = to.getTime();
  return { from: from.getTime() - settings.historyDays * dayMs, to: last, until: last + 4 * dayMs };
}

/** Works with the features of a span, which are in temporary tables meanwhile. */
export async function withFeatures<T>(
  warehouse: Warehouse,
  relations: FeatureRelations,
  { from, until }: Span,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return featureSession(warehouse, async (session) => {
    try {
      await prepareFeatures(session, relations, from, until);
      return await work(session);
    } finally {
      await dropFeatures(session);
    }
  });
}

/** Which columns the examples of a use and horizon have. */
export type Columns = (use: Use, horizon: Horizon) => readonly string[];

/** Reads the examples of a span, of each use and horizon, from its features. */
export async function readHistories(
  session: Session,
  settings: PredictionSettings,
  { from, to }: Span,
  uses: readonly Use[],
  horizons: readonly Horizon[],
  columns: Columns = inputsOf,
): Promise<History[]> {
  const codes = await roomCodes(session, settings);
  const histories: History[] = [];
  for (const use of uses)
    for (const horizon of horizons) {
      const wanted = { use, horizon, from, to, codes, columns: columns(use, horizon), isKnown: true };
      histories.push({ use, horizon, known: await examplesOf(session, settings, wanted), codes });
    }
  return histories;
}

/**
 * Reads the examples of all steps, of each use and horizon. Features are worked out once for all of them, and no session is held when the
 * examples are read: what is done with them takes minutes.
 * @param columns what models learn from, if not given.
 */
export async function historiesOf(
  warehouse: Warehouse,
  relations: FeatureRelations,
  walk: Walk,
  uses: readonly Use[],
  horizons: readonly Horizon[],
  columns: Columns = inputsOf,
): Promise<readonly History[]> {
  const span = spanOf(walk);
  return withFeatures(warehouse, relations, span, (session) =>
    readHistories(session, walk.settings, span, uses, horizons, columns),
  );
}

/** The steps of a history, those left out in which there is nothing to compare. */
export function* stepsOf({ horizon, known }: History, { settings, from, to, stepMs }: Walk): Generator<Step, void> {
  for (let start = from.getTime(); start < to.getTime(); start += stepMs) {
    const before = pastOf(horizon, known, start);
    const test = predictedWithin(known, start, Math.min(start + stepMs, to.getTime()));
    if (before.ended.matrix.rows === 0 || test.matrix.rows === 0) continue;
    const learns = (start - (known.origins[0] ?? start)) / dayMs >= settings.minDays;
    yield { start, before, test, learns };
  }
}

/**
 * `<apartment>/<room>` of all rooms with features, in order: what the inputs `room` and `apartment` number. An apartment that objects is not
 * named: a model that has learnt nothing of it would keep its erasure from being complete.
 */
async function roomCodes(session: Session, { exclude }: PredictionSettings): Promise<readonly string[]> {
  const { rows } = await session.query<{ code: string }>(
    `select distinct apartment || '/' || room as code from predict_state where apartment <> all($1::text[]) order by 1`,
    [exclude],
  );
  return rows.map(({ code }) => code);
}
