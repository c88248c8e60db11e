// Programs of others that predict beside the models of this one.
//
//   1. predictor-settings.ts  the list `predictors` of the variable `predictions`
//   2. questions.ts  the windows that are asked about, with what is known of them, as lines
//   3. child.ts      a program that reads lines and writes lines, and does not outlive its time
//   4. answers.ts    what of its lines is a prediction, and why the others are none
//   5. predictor-rows.ts  what is due; the records, and the note that it was answered
//   6. ask.ts        asks one predictor all that is due
//
// At the end each origin has been answered once, or is asked again; no line of a program has kept another from being read.

import {
  dayMs,
  dropFeatures,
  examplesOf,
  type FeatureRelations,
  featureSession,
  prepareFeatures,
  quarterMs,
} from '../predictions/examples.ts';
import { dailyOriginAt, newestTime, originAt } from '../predictions/origin.ts';
import type { Horizon, PredictionSettings, Use } from '../predictions/settings.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { Answers, type Prediction } from './answers.ts';
import { runChild } from './child.ts';
import { type Due, dueOf, writeAnswers } from './predictor-rows.ts';
import type { PredictorSettings } from './predictor-settings.ts';
import { type Asked, lineOf, ofReadRooms, questionsOf } from './questions.ts';

/** What is asked, and how. */
export interface AskRequest {
  readonly relations: FeatureRelations;
  readonly settings: PredictionSettings;
  readonly predictor: PredictorSettings;
  readonly horizons: readonly Horizon[];
  /** As if it were then; undefined: when the newest reading came. */
  readonly at?: Date | undefined;
  /** Working directory and environment of the program. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with the lines of its standard error. */
  readonly onError: (line: string) => void;
}

/** What became of a predictor, a target and a horizon. */
export interface Answered {
  readonly predictor: string;
  readonly target: Use;
  readonly horizon: Horizon;
  /** The quarter that had just ended; ISO. */
  readonly origin: string;
  /** Windows asked about, and records written. */
  readonly asked: number;
  readonly records: number;
  readonly state: 'written' | 'there already' | 'no readings' | 'failed';
  /** Whether it predicts as the champion: it is, and has answered everything. */
  readonly leads: boolean;
}

/** What became of a predictor. */
export interface AskOutcome {
  readonly answered: readonly Answered[];
  /** Lines that are no prediction, and the first few reasons. */
  readonly rejected: number;
  readonly reasons: readonly string[];
  /** Why the program did not end well; undefined if it did, or was not started. */
  readonly failure?: string | undefined;
}

/** Reasons of rejected lines that are told. */
const mostReasons = 5;

/**
 * Asks a predictor for what is due: all its targets and horizons of one origin in one process. While it runs no session is held. What it has
 * answered is written, also where it fails later; an origin counts as answered only if it ends well.
 * @throws DatacycleError if there are no readings, or the models that are read were never built. Failures of the program are an outcome.
 */
export async function askPredictor(warehouse: Warehouse, request: AskRequest): Promise<AskOutcome> {
  const { predictor, folder, env, signal, onError } = request;
  const { there, due } = await readDue(warehouse, request);
  const asked = due.flatMap(({ asked: all }) => all);
  if (asked.length === 0)
    return { answered: [...there, ...due.map((one) => nothing(one, predictor))], rejected: 0, reasons: [] };
  const answers = new Answers(asked.map(({ question }) => question));
  const predictions: Prediction[] = [];
  const reasons: string[] = [];
  let rejected = 0;
  let line = 0;
  const ending = await runChild({
    command: predictor.command,
    folder,
    env,
    lines: asked.map(lineOf),
    timeoutMs: predictor.timeoutMs,
    // Each window once, and as much again for what is none.
    mostLines: 2 * asked.length + 1000,
    mostCharacters: 2000 * asked.length + 1_000_000,
    signal,
    onError,
    onLine: (text) => {
      line += 1;
      const answer = answers.take(text);
      if (answer?.kind === 'prediction') predictions.push(answer.prediction);
      if (answer?.kind !== 'rejected') return;
      rejected += 1;
      if (reasons.length < mostReasons) reasons.push(`line ${line}: ${answer.reason}`);
    },
  });
  const isDone = ending.kind === 'done';
  const answered: Answered[] = [...there];
  for (const one of due) {
    const of = predictions.filter(
      ({ question }) => question.target === one.target && question.horizon.type === one.horizon,
    );
    const leads = one.isChampion && of.length === one.asked.length;
    const isWritten = await writeAnswers(warehouse, { predictor, due: one, predictions: of, leads, isDone });
    const { target, horizon, origin } = one;
    const state =
      one.asked.length === 0
        ? 'no readings'
        : !isDone
          ? 'failed'
          : isWritten || of.length === 0
            ? 'written'
            : 'there already';
    const records = isWritten ? of.length : 0;
    answered.push({
      predictor: predictor.name,
      target,
      horizon,
      origin,
      asked: one.asked.length,
      records,
      state,
      leads,
    });
  }
  return { answered, rejected, reasons, ...(isDone ? {} : { failure: ending.reason }) };
}

type DueWithQuestions = Due & { readonly asked: readonly Asked[] };

async function readDue(
  warehouse: Warehouse,
  { relations, settings, predictor, horizons, at }: AskRequest,
): Promise<{ readonly there: readonly Answered[]; readonly due: readonly DueWithQuestions[] }> {
  return featureSession(warehouse, async (session) => {
    const newest = originAt(await newestTime(session, relations, at));
    const there: Answered[] = [];
    const due: DueWithQuestions[] = [];
    const its = horizons.filter((one) => predictor.horizons.includes(one));
    // Features are worked out once for all that has one origin.
    for (const { origin, from } of [
      { origin: newest, from: its.filter((horizon) => horizon !== 'day') },
      { origin: dailyOriginAt(newest), from: its.filter((horizon) => horizon === 'day') },
    ]) {
      const wanted: Due[] = [];
      for (const horizon of from)
        for (const target of predictor.targets) {
          const one = await dueOf(session, predictor, target, horizon, new Date(origin).toISOString());
          if (one.kind === 'due') wanted.push(one.due);
          else there.push(answeredBefore(predictor, target, horizon, one));
        }
      if (wanted.length === 0) continue;
      try {
        await prepareFeatures(session, relations, origin - dayMs, origin + quarterMs);
        for (const one of wanted) {
          const { horizon } = one;
          const examples = await examplesOf(session, settings, {
            use: one.target,
            horizon,
            from: origin,
            to: origin + quarterMs,
            codes: [],
          });
          const isAuto = settings.rooms[one.target] === undefined;
          const wantedOf = isAuto ? ofReadRooms(one.target, examples) : examples;
          due.push({ ...one, asked: questionsOf(one.target, horizon, wantedOf) });
        }
      } finally {
        await dropFeatures(session);
      }
    }
    return { there, due };
  });
}

function answeredBefore(
  { name }: PredictorSettings,
  target: Use,
  horizon: Horizon,
  { origin, leads }: { readonly origin: string; readonly leads: boolean },
): Answered {
  return { predictor: name, target, horizon, origin, asked: 0, records: 0, state: 'there already', leads };
}

function nothing({ target, horizon, origin }: Due, { name }: PredictorSettings): Answered {
  return { predictor: name, target, horizon, origin, asked: 0, records: 0, state: 'no readings', leads: false };
}
