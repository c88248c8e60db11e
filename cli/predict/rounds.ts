import { recordSuccess } from '../../loaders/landing/attempt.ts';
import type { Horizon, Use } from '../../predictions/settings.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type Champion, readChampions } from './champions.ts';
import type { Predictor } from './predictor.ts';
import type { ScoringOutcome } from './scoring.ts';

/** What a round tells of itself. */
export interface RoundReport {
  say(event: string, text: string, fields: Readonly<Record<string, unknown>>): void;
  /** The same of what a person should look at. */
  warn(event: string, text: string, fields: Readonly<Record<string, unknown>>): void;
  /** Which predictors failed and why; undefined if none did. Not called without predictors. */
  predictorsFailed(message: string | undefined): void;
  wrote(use: Use, horizon: Horizon, records: number): void;
  /** How long training took. */
  took(seconds: number): void;
  /** The models in use after the round. */
  chose(champions: readonly Champion[]): void;
}

/** Predicts what is due, and reports it. @throws what the database or a model throws. */
export async function predictingRound(
  predictor: Predictor,
  due: readonly Horizon[],
  { warehouse, clock, report }: { warehouse: Warehouse; clock: () => Date; report: RoundReport },
  stop: AbortSignal,
): Promise<void> {
  const { scored, asked } = await predictor.score(due, stop, (name, line) =>
    report.warn('predictor stderr', `predictor ${name}: ${line}`, { predictor: name }),
  );
  for (const outcome of asked) reportPredictor(outcome, report);
  const failures = asked.flatMap(({ predictor: name, failure }) =>
    failure === undefined ? [] : [`${name}: ${failure}`],
  );
  if (asked.length > 0 && !stop.aborted) report.predictorsFailed(failures.length > 0 ? failures.join('; ') : undefined);
  for (const { use, horizon, records, model, origin } of scored) {
    if (records === 0) continue;
    report.wrote(use, horizon, records);
    const text = `${records} predictions of ${use}, ${horizon}, from ${origin} by ${model}`;
    report.say('predicted', text, { use, horizon, records, origin, model });
  }
  report.chose(await readChampions(warehouse, clock()));
}

function reportPredictor(
  { predictor, answered, rejected, reasons }: ScoringOutcome['asked'][number],
  report: RoundReport,
): void {
  for (const { target: use, horizon, records, asked, origin, leads } of answered) {
    if (records === 0) continue;
    report.wrote(use, horizon, records);
    const text = `${records} of ${asked} predictions of ${use}, ${horizon}, from ${origin} by the predictor ${predictor}${leads ? ', the champion' : ''}`;
    report.say('predicted', text, { use, horizon, records, origin, predictor, leads });
  }
  if (rejected === 0) return;
  const text = `${rejected} lines of the predictor ${predictor} are no predictions: ${reasons.join('; ')}`;
  report.warn('predictor lines rejected', text, { predictor, rejected, reasons });
}

/** Trains all models, records the success, and reports the champions. @throws what the database or the training throws. */
export async function trainingRound(
  predictor: Predictor,
  { warehouse, clock, report }: { warehouse: Warehouse; clock: () => Date; report: RoundReport },
  stop: AbortSignal,
): Promise<void> {
  const started = performance.now();
  for (const { use, horizon, models, tooShort } of await predictor.train(stop)) {
    const champion = models.find(({ isChampion }) => isChampion)?.name;
    const said = champion === undefined ? (tooShort ?? 'nothing to learn from') : `the champion is ${champion}`;
    report.say('trained', `${use}, ${horizon}: ${said}`, { use, horizon, champion });
  }
  report.took((performance.now() - started) / 1000);
  await recordSuccess(warehouse, 'training', clock());
  report.chose(await readChampions(warehouse, clock()));
}
