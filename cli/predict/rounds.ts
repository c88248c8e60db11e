import { recordSuccess } from '../../loaders/landing/attempt.ts';
import type { Horizon, Use } from '../../predictions/settings.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type Champion, readChampions } from './champions.ts';
import type { Predictor } from './predictor.ts';

/** What a round tells of itself. */
export interface RoundReport {
  say(event: string, text: string, fields: Readonly<Record<string, unknown>>): void;
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
): Promise<void> {
  for (const { use, horizon, records, model, origin } of await predictor.score(due)) {
    if (records === 0) continue;
    report.wrote(use, horizon, records);
    const text = `${records} predictions of ${use}, ${horizon}, from ${origin} by ${model}`;
    report.say('predicted', text, { use, horizon, records, origin, model });
  }
  report.chose(await readChampions(warehouse, clock()));
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
