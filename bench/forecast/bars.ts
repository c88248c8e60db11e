import type { Coverage } from './coverage.ts';
import { asInKnime } from './forecasts.ts';
import type { DayScore, OccupiedScore, Part, PowerScore } from './scores.ts';

/** What was measured on one history. */
export interface Accuracy {
  readonly occupied: readonly OccupiedScore[];
  readonly power: readonly PowerScore[];
  readonly days: readonly DayScore[];
  readonly coverage: readonly Coverage[];
}

/** A figure beside what it has to be. */
export interface Bar {
  readonly what: string;
  readonly value: number;
  readonly least?: number;
  readonly most?: number;
  readonly isMet: boolean;
}

/** The models that the bars are about. */
export const chosen = { occupied: 'trees', mean_power_w: 'ridge-trees' } as const;

/** A figure beside the range that it has to be in. */
export function barOf(what: string, value: number, range: { readonly least?: number; readonly most?: number }): Bar {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = range;
  // NaN, what could not be measured, is within no range.
  return { what, value, ...range, isMet: value >= least && value <= most };
}

/** All bars of how good forecasts are: ratios to what is simple and to what the program replaces, in one run on the same rows. */
export function barsOf({ occupied, power, days, coverage }: Accuracy): readonly Bar[] {
  const probability = (model: string, part: Part) => find(occupied, model, part);
  const watts = (model: string, part: Part) => find(power, model, part);
  const [trees, mixed] = [chosen.occupied, chosen.mean_power_w];
  const brier = (part: Part, model: string) => probability(trees, part).brier / probability(model, part).brier;
  const house = (part: Part, model: string) => watts(mixed, part).houseRmse / watts(model, part).houseRmse;
  const kwh = (model: string) => days.find((one) => one.model === model)?.maeKwh ?? Number.NaN;
  const parts: readonly Part[] = ['quarter', 'hour', 'day 1', 'day 2', 'day 3'];
  const daysAhead = parts.slice(2);
  return [
    barOf('occupied, quarter: AUC', probability(trees, 'quarter').auc, { least: 0.985 }),
    barOf('occupied, quarter: Brier / as in KNIME', brier('quarter', asInKnime), { most: 0.45 }),
    barOf('occupied, quarter: Brier / hour-of-week', brier('quarter', 'hour-of-week'), { most: 0.42 }),
    barOf('occupied, hour: AUC', probability(trees, 'hour').auc, { least: 0.975 }),
    barOf('occupied, hour: Brier / hour-of-week', brier('hour', 'hour-of-week'), { most: 0.62 }),
    ...daysAhead.flatMap((part) => [
      barOf(`occupied, ${part}: AUC`, probability(trees, part).auc, { least: 0.95 }),
      barOf(`occupied, ${part}: Brier / hour-of-week`, brier(part, 'hour-of-week'), { most: 0.9 }),
    ]),
    ...parts.map((part) => barOf(`occupied, ${part}: calibration error`, probability(trees, part).ece, { most: 0.03 })),
    barOf('power, quarter: House RMSE / as in KNIME', house('quarter', asInKnime), { most: 0.88 }),
    barOf('power, hour: House RMSE / as in KNIME', house('hour', asInKnime), { most: 0.88 }),
    barOf('power, day 1: House RMSE / as in KNIME', house('day 1', asInKnime), { most: 0.92 }),
    barOf('power, day 1: House RMSE / hour-of-week', house('day 1', 'hour-of-week'), { most: 0.87 }),
    barOf('kWh of 24 hours: MAE / as in KNIME', kwh(mixed) / kwh(asInKnime), { most: 0.8 }),
    barOf('kWh of 24 hours: MAE / yesterday', kwh(mixed) / kwh('yesterday'), { most: 0.95 }),
    ...parts.map((part) => barOf(`power, ${part}: bias`, watts(mixed, part).bias, { least: -0.07, most: 0.07 })),
    ...coverage.map(({ horizon, week, share }) =>
      barOf(`power, ${horizon}: within bounds of 80 %, week ${week}`, share, { least: 0.74, most: 0.86 }),
    ),
  ];
}

/** @throws Error if a model or part was not measured. */
function find<T extends { readonly model: string; readonly part: Part }>(
  all: readonly T[],
  model: string,
  part: Part,
): T {
  const found = all.find((one) => one.model === model && one.part === part);
  if (found === undefined) throw new Error(`${model} was not measured ${part} ahead.`);
  return found;
}
