import { formatTable } from '../../cli/terminal/table.ts';
import type { Accuracy, Bar } from './bars.ts';
import type { Time } from './times.ts';

const digits = (value: number, count: number) => (Number.isNaN(value) ? '-' : value.toFixed(count));

/** All figures of all models, as tables. */
export function accuracyTables({ occupied, power, days }: Accuracy): string {
  return [
    formatTable(
      ['occupied', 'model', 'windows', 'AUC', 'Brier', 'accuracy', 'ECE'],
      occupied.map((one) => [
        one.part,
        one.model,
        one.rows,
        digits(one.auc, 3),
        digits(one.brier, 4),
        digits(one.accuracy, 3),
        digits(one.ece, 3),
      ]),
    ),
    formatTable(
      ['power', 'model', 'windows', 'House RMSE, W', 'RMSE / mean', 'bias', '|bias|'],
      power.map((one) => [
        one.part,
        one.model,
        one.rows,
        digits(one.houseRmse, 0),
        digits(one.relativeRmse, 2),
        digits(one.bias, 3),
        digits(one.absoluteBias, 3),
      ]),
    ),
    formatTable(
      ['24 hours', 'days', 'MAE, kWh', 'mean, kWh'],
      days.map(({ model, days: n, maeKwh, meanKwh }) => [model, n, digits(maeKwh, 2), digits(meanKwh, 1)]),
    ),
  ].join('\n');
}

/** The bars, and whether each is met. */
export function barTable(bars: readonly Bar[]): string {
  const range = ({ least, most }: Bar) =>
    [least === undefined ? '' : `>= ${least}`, most === undefined ? '' : `<= ${most}`].filter(Boolean).join(', ');
  return formatTable(
    ['bar', 'measured', 'has to be', ''],
    bars.map((one) => [one.what, digits(one.value, 3), range(one), one.isMet ? 'met' : 'MISSED']),
  );
}

/** What the steps took. */
export function timeTable(times: readonly Time[]): string {
  return formatTable(
    ['step', 'seconds', 'CPU of the program, s', 'MB'],
    times.map((one) => [one.what, one.seconds.toFixed(2), one.cpuSeconds?.toFixed(1), one.memoryMb]),
  );
}
