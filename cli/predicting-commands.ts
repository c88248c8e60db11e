import { Argument, Option } from 'commander';
import type { Define } from './define.ts';
import { logged } from './opened.ts';

/** What makes something of the models: predictions, and files for others. */
export function addPredicting(define: Define, signal: AbortSignal): void {
  define('predict', 'train models, predict by the best of them, list and choose them', ({ flags, args, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/predict.ts')).predict(project, args, flags, terminal, signal),
    ),
  )
    .addArgument(
      new Argument(
        '<action>',
        'train: learn, compare and choose champions; score: predict what is due; models: list them; promote: choose one by hand',
      ).choices(['train', 'score', 'models', 'promote']),
    )
    .argument('[names...]', 'promote: target, horizon and model')
    .addOption(new Option('--use <target>', 'train: this target only').choices(['occupied', 'mean_power_w']))
    .addOption(new Option('--horizon <horizon...>', 'score: these horizons only').choices(['quarter', 'hour', 'day']))
    .option('--as-of <time>', 'train: as if it were then')
    .option('--at <time>', 'score: as if it were then');
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
