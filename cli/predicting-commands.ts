import { Argument, Option } from 'commander';
import type { Define } from './define.ts';
import { logged } from './opened.ts';

/** What makes something of the models: predictions, and files for others. */
export function addPredicting(define: Define, signal: AbortSignal): void {
  define(
    'predict',
    'train models, predict by the best of them, compare, explain and choose them',
    ({ flags, args, terminal }) =>
      logged(flags, 'datacycle.log', terminal, async (project) =>
        (await import('./commands/predict.ts')).predict(project, args, flags, terminal, signal),
      ),
  )
    .addArgument(
      new Argument(
        '<action>',
        'train: learn, compare and choose champions; score: predict what is due; backtest: compare over history; models: list them; promote: choose one by hand; explain: why',
      ).choices(['train', 'score', 'backtest', 'models', 'promote', 'explain']),
    )
    .argument('[names...]', 'promote: target, horizon and model; explain: target, horizon and apartment/room')
    .addOption(new Option('--use <target>', 'train, backtest: this target only').choices(['occupied', 'mean_power_w']))
    .addOption(
      new Option('--horizon <horizon...>', 'score, backtest: these horizons only (quarter, hour, day)').argParser<
        readonly string[]
      >((value, before = []) => [...before, ...value.split(',').filter((name) => name !== '')]),
    )
    .option('--as-of <time>', 'train: as if it were then')
    .option('--at <time>', 'score, explain: as if it were then')
    .option('--from <time>', 'backtest: the first forecast is made then (28 days before the end, unless set)')
    .option('--to <time>', 'backtest: where it ends (the newest reading, unless set)')
    .option('--step <days>', 'backtest: how often models are trained again, e.g. 7d')
    .option('--keep', 'backtest: keep the forecasts, so that the next build evaluates them')
    .addOption(new Option('--output <format>', 'backtest: how it is shown').choices(['table', 'json', 'csv']));
  define(
    'export',
    'write the files that exports of project.yml describe: what has changed',
    ({ flags, args, terminal }) =>
      logged(flags, 'datacycle.log', terminal, async (project) =>
        (await import('./commands/export.ts')).exportCommand(project, args, flags, terminal, signal),
      ),
  )
    .argument('[names...]', 'exports of project.yml; without any: all')
    .option('--full', 'write all files again, also those whose rows are as before');
}
