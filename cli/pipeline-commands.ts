import { Argument, type Command, Option } from 'commander';
import { type Define, integer, limiting, running, selectFlags } from './define.ts';
import type { RunCommand } from './jobs/errands.ts';
import { logged, opened } from './opened.ts';
import { selecting } from './selection/flags.ts';

/** Adds the flags that say how tests are run. */
function testing(command: Command): Command {
  return command
    .option(
      '--store-failures',
      'keep the bad rows of tests in tables of schema dbt_test__audit, unless a test says otherwise',
    )
    .addOption(
      new Option(
        '--unit-tests-on <database>',
        'where unit tests run: in one in memory (default), or on the target',
      ).choices(['embedded', 'target']),
    );
}

/** What makes data: from the sources to gold. @param run runs a command line in this process, for what other processes ask of `watch`. */
export function addPipeline(define: Define, signal: AbortSignal, run: RunCommand): void {
  define(
    'demo',
    'a sample day, or days, end to end on the embedded database, then what to try next',
    async ({ flags, args, terminal }) =>
      args[0] === 'smart-building'
        ? (await import('./commands/demo-building.ts')).demoBuilding(flags, terminal, signal)
        : flags.days !== undefined
          ? (await import('./beginning/demo-days.ts')).demoDays(
              flags,
              { days: flags.days, seed: flags.seed },
              terminal,
              signal,
            )
          : (await import('./commands/demo.ts')).demo(flags, terminal, signal),
  )
    .addArgument(
      new Argument('[project]', 'apartments (default), or smart-building, which replays messages').choices([
        'apartments',
        'smart-building',
      ]),
    )
    .option(
      '--days <number>',
      'so many days of a household, learnt and predicted from; 28 show all, and take minutes',
      integer,
    )
    .option('--seed <number>', 'with --days: another household by chance (1, unless set)', integer);
  define(
    'init',
    'with DB_ADMIN_URL: the database, its user and its schemas; safe to repeat',
    async ({ flags, terminal }) => {
      const { init } = await import('./commands/init.ts');
      return init(await opened(flags, terminal), { rotatePassword: flags.rotatePassword === true }, terminal);
    },
  ).option('--rotate-password', "give the user that DB_URL names DB_URL's password");
  define('load', 'land what is new: raw files to Bronze and staging', ({ flags, args, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/load.ts')).load(project, args, flags, terminal, signal),
    ),
  )
    .argument('[sources...]', 'sensors, weather, registry, stream; without any: all that are configured')
    .option('--full', 'list all there is at the source instead of trying what should come next')
    .option('--from-bronze', 'land again from Bronze whatever staging lacks')
    .option('--file <name>', 'with --from-bronze: this file alone, as status names it, e.g. one that was rejected')
    .option('--skip-lost', 'of the stream: go on behind messages that the broker no longer has');
  define(
    'replay',
    'send recorded readings as messages: to Kafka, or straight into the database',
    ({ flags, args, terminal }) =>
      logged(flags, 'datacycle.log', terminal, async (project) =>
        (await import('./commands/replay.ts')).replayCommand(project, args[0], flags, terminal, signal),
      ),
  )
    .argument('[folder]', 'the recording: <room>/<sensor>.csv below it; or s3://bucket/prefix')
    .option('--rate <number>', 'messages a second, or max; default 5')
    .option('--timewarp [factor]', 'keep the pauses between readings, divided by a factor of 1 or more (default 10)')
    .option('--rooms <names>', 'only these, with commas between')
    .option('--sensors <names>', 'only these, with commas between')
    .option('--generate <rooms x days>', 'write an invented building there first, e.g. 51x9')
    .option('--again', 'also if it was replayed before')
    .option('--abandon', 'give up a replay that was stopped, so that another can begin');
  for (const [name, description] of [
    ['seed', 'load the CSV files of seeds/'],
    ['run', 'build the models'],
    ['snapshot', 'take what the sources say now into the snapshots'],
    ['build', 'seeds, models and tests in dependency order'],
  ] as const) {
    const command = running(
      define(name, description, ({ flags, terminal }) =>
        logged(flags, 'datacycle.log', terminal, async (project) =>
          (await import('./commands/run.ts')).runCommand(name, project, selectFlags(flags), terminal, signal),
        ),
      ),
    );
    if (name === 'run' || name === 'build')
      limiting(command)
        .option('--event-time-start <time>', 'of microbatch models, just the batches from this date or time on')
        .option('--event-time-end <time>', 'and only those before this one');
    if (name === 'seed') command.option('--show', 'show the first rows of each seed');
    if (name === 'build') testing(command);
    if (name === 'run' || name === 'build')
      command.option('--no-reuse', 'build and test also what nothing has changed for since the last success');
    // The history in a snapshot is nowhere else: nothing rebuilds it.
    if (name !== 'snapshot')
      command.option('-f, --full-refresh', 'rebuild incremental models from all of their upstreams');
  }
  testing(
    running(
      define('test', 'run the unit tests and the data tests', ({ flags, terminal }) =>
        logged(flags, 'datacycle.log', terminal, async (project) =>
          (await import('./commands/run.ts')).runCommand('test', project, selectFlags(flags), terminal, signal),
        ),
      ),
    ),
  ).option('--changed', 'leave out tests that have passed on the same rows, as build does');
  define('retry', 'do the last run again for what failed or was skipped, with its flags', ({ flags, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async () =>
      (await import('./earlier/retry.ts')).retry(flags, terminal, signal),
    ),
  )
    .option('--state <folder>', 'a copy of target/ of the run to go on from')
    .option('-f, --full-refresh', 'rebuild incremental models from all of their upstreams')
    .option('-x, --fail-fast', 'start nothing new after the first failure')
    .option('--threads <number>', 'how many nodes to work on at once', integer);
  selecting(
    define('clone', 'show in this target what another one has built, by views', async ({ flags, terminal }) =>
      (await import('./earlier/clone.ts')).clone(await opened(flags, terminal), selectFlags(flags), terminal, signal),
    ),
  ).option('-f, --full-refresh', 'make views that are there anew; a table is never replaced');
  define('run-operation', 'run the SQL of a macro that acts, in one transaction', ({ flags, args, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/run-operation.ts')).runOperationCommand(project, args[0] ?? '', flags, terminal),
    ),
  )
    .argument('<macro>', 'its name: a file of macros/ without .sql')
    .option('--args <yaml>', "the macro's arguments by their names, e.g. '{role: reporter}'")
    .option('--dry-run', 'only print the SQL');
  define(
    'watch',
    'keep everything fresh until stopped: land what comes in and build what it touches',
    ({ flags, terminal }) =>
      logged(flags, 'datacycle-watch.log', terminal, async (project, journal) =>
        (await import('./commands/watch.ts')).watch(project, flags, run, terminal, journal, signal),
      ),
  );
}
