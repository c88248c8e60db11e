import { Argument, type Command, Option } from 'commander';
import type { Project } from '../runner/project/project.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import { addFreshness } from './add-freshness.ts';
import { type Define, type Flags, integer, limit, newProgram, running, selectFlags } from './define.ts';
import { selecting } from './selection/flags.ts';
import type { Journal } from './terminal/journal.ts';
import type { Terminal } from './terminal/terminal.ts';

/**
 * All commands. Each reads its flags and makes one call. What a command needs is loaded when it runs, so that the others need not
 * wait for it.
 * @param signal aborted when the user interrupts.
 * @param exit called with the exit code of the command.
 */
export function buildProgram(signal: AbortSignal, exit: (code: number, command: string) => void): Command {
  const { program, define } = newProgram(exit);
  addBeginning(define);
  addPipeline(define, signal);
  addLooking(define, signal);
  addFreshness(define);
  addKeeping(define, signal);
  return program;
}

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

/** Where a project begins. */
function addBeginning(define: Define): void {
  define('new', 'write a small project that builds at once', async ({ args, terminal }) =>
    (await import('./beginning/new.ts')).newProject(args[0] ?? '', terminal),
  ).argument('<folder>', 'where to; it has to be empty or not there');
  define(
    'convert',
    'write a dbt project as one of datacycle, and list what a person has to do',
    async ({ args, flags, terminal }) =>
      (await import('./beginning/convert.ts')).convertCommand(args[0] ?? '', flags.into, terminal),
  )
    .argument('<folder>', 'the dbt project; it stays as it is')
    .option('--into <folder>', 'where to; it has to be empty or not there (default: <folder>-datacycle)');
  define('deps', 'say what there is instead of packages', ({ terminal }) => {
    terminal.say(
      'There are no packages to install. What several projects share is copied: macros into macros/, tests into tests/generic/.',
    );
    terminal.say('The tests of dbt_utils and dbt_expectations that everybody adds are built in: docs/data-tests.md.');
    return 0;
  });
}

/** What makes data: from the sources to gold. */
function addPipeline(define: Define, signal: AbortSignal): void {
  define(
    'demo',
    'a sample day end to end on the embedded database, then what to try next',
    async ({ flags, terminal }) => (await import('./commands/demo.ts')).demo(flags, terminal, signal),
  );
  define(
    'init',
    'with DB_ADMIN_URL: the database, its user and its schemas; safe to repeat',
    async ({ flags, terminal }) => {
      const { init } = await import('./commands/init.ts');
      return init(await opened(flags), { rotatePassword: flags.rotatePassword === true }, terminal);
    },
  ).option('--rotate-password', "give the user that DB_URL names DB_URL's password");
  define('load', 'land what is new: raw files to Bronze and staging', ({ flags, args, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/load.ts')).load(project, args, flags, terminal, signal),
    ),
  )
    .argument('[sources...]', 'sensors, weather, registry; without any: all that are configured')
    .option('--full', 'list all there is at the source instead of trying what should come next')
    .option('--from-bronze', 'land again from Bronze whatever staging lacks');
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
      command
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
    .option('--threads <number>', 'how many nodes to work on at once', integer);
  define(
    'watch',
    'keep everything fresh until stopped: land what comes in and build what it touches',
    ({ flags, terminal }) =>
      logged(flags, 'datacycle-watch.log', terminal, async (project, journal) =>
        (await import('./commands/watch.ts')).watch(project, terminal, journal, signal),
      ),
  );
}

/** What looks without touching. */
function addLooking(define: Define, signal: AbortSignal): void {
  selecting(
    define('plan', 'say what build would do with each node, and why; changes nothing', async ({ flags, terminal }) =>
      (await import('./commands/plan.ts')).plan(await opened(flags), selectFlags(flags), terminal, signal),
    ),
  )
    .option('-f, --full-refresh', 'as if incremental models were rebuilt from all of their upstreams')
    .option('--no-reuse', 'as if nothing were left out that nothing has changed for')
    .option('--event-time-start <time>', 'of microbatch models, just the batches from this date or time on')
    .option('--event-time-end <time>', 'and only those before this one')
    .addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'));
  selecting(
    define(
      'compile',
      'write the SQL of the models to target/compiled, without a database',
      async ({ flags, terminal }) => {
        const { compile } = await import('./commands/compile.ts');
        return compile(await opened(flags), selectFlags(flags), terminal);
      },
    ),
  );
  define(
    'parse',
    'read and compile the project, and write target/manifest.json; needs no database',
    async ({ flags, terminal }) => (await import('./commands/parse.ts')).parse(await opened(flags), terminal),
  );
  define('clean', 'remove target/: compiled SQL, manifests and the compile cache', async ({ flags, terminal }) =>
    (await import('./commands/clean.ts')).clean(await opened(flags), terminal),
  );
  selecting(
    define(
      'check',
      'run all SQL on empty tables in memory: finds what a build would trip over',
      async ({ flags, terminal }) => {
        const { check } = await import('./commands/check.ts');
        return check(await opened(flags), selectFlags(flags), terminal, signal);
      },
    ),
  );
  selecting(
    define(
      'ls',
      'list what a selection names: models, seeds, tests, sources, exposures',
      async ({ flags, terminal }) => {
        if (flags.columns === true) {
          const { listColumns } = await import('./analysis/columns.ts');
          return listColumns(await opened(flags), selectFlags(flags), terminal);
        }
        const { list } = await import('./commands/ls.ts');
        return list(await opened(flags), flags, terminal);
      },
    ),
  )
    .alias('list')
    .addOption(
      new Option('--output <format>', 'how').choices(['selector', 'name', 'path', 'table', 'json']).default('selector'),
    )
    .option(
      '--output-keys <key...>',
      'with --output json: only these keys; a dot goes inside, e.g. config.materialized',
    )
    .option('--columns', 'the columns of seeds and models, and what each comes from');
  define(
    'lineage',
    'say where columns come from and where they go, as the SQL says; needs no database',
    async ({ flags, args, terminal }) => {
      const { lineage } = await import('./analysis/lineage.ts');
      return lineage(await opened(flags), args, flags, terminal);
    },
  )
    .argument(
      '[columns...]',
      'model.column, or a model for all of its columns; without any: what each column is made of',
    )
    .option('--upstream', 'only where they come from')
    .option('--downstream', 'only where they go')
    .addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'));
  define(
    'lint',
    'say what of the SQL and the .yml files breaks a rule; exit code 1 if anything does',
    async ({ flags, terminal }) => {
      const { lint } = await import('./analysis/lint.ts');
      return lint(await opened(flags), flags, terminal);
    },
  ).addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'));
  selecting(
    define('show', 'show the rows of a query, a model, a failing test or a failed audit', async ({ flags, terminal }) =>
      (await import('./commands/show.ts')).show(
        await opened(flags),
        {
          ...selectFlags(flags),
          limit: flags.limit ?? 5,
          output: flags.output === 'json' || flags.output === 'csv' ? flags.output : 'table',
        },
        terminal,
      ),
    ),
  )
    .option('--inline <sql>', "a query; {{ref 'x'}} works in it")
    .option('--kept', 'the bad rows that an audit kept when it failed last')
    .option('--limit <rows>', 'at most so many rows; -1 for all (default: 5)', limit)
    .addOption(new Option('--output <format>', 'how').choices(['table', 'json', 'csv']).default('table'));
  selecting(
    define(
      'verify',
      'build models from scratch beside their tables and say where they differ; changes nothing; exit code 1 if one differs',
      async ({ flags, terminal }) =>
        (await import('./commands/verify.ts')).verify(
          await opened(flags),
          {
            ...selectFlags(flags),
            limit: flags.limit ?? 20,
            output: flags.output === 'json' || flags.output === 'csv' ? flags.output : 'table',
          },
          terminal,
          signal,
        ),
    ),
  )
    .option('--limit <rows>', 'tell at most so many differing rows of a model; -1 for all (default: 20)', limit)
    .addOption(new Option('--output <format>', 'how').choices(['table', 'json', 'csv']).default('table'));
  define(
    'status',
    'freshness, row counts, last runs, rejected files; exit code 1 if something needs a person',
    async ({ flags, terminal }) => (await import('./commands/status.ts')).status(await opened(flags), terminal),
  );
  define('debug', 'say what the settings name, and whether the database can be reached', async ({ flags, terminal }) =>
    (await import('./commands/debug.ts')).debug(await opened(flags), terminal),
  );
  define('bi', 'write a Power BI project on the views of schema bi; needs no database', async ({ flags, terminal }) => {
    const { bi } = await import('./commands/bi.ts');
    return bi(await opened(flags), flags, terminal);
  })
    .option('--output <folder>', 'where to (default: power-bi in the project)')
    .option(
      '--force',
      'overwrite what has been changed by hand or by Power BI Desktop, but not a report that was worked on',
    )
    .option('--new-report', 'replace the report by a new one; every page in it is lost');
}

/** What deletes: what is old, and what a person asks for. */
function addKeeping(define: Define, signal: AbortSignal): void {
  define('bronze', 'housekeeping of what was landed: Bronze files and staging rows', ({ flags, args, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/bronze.ts')).bronze(project, args[0] ?? '', flags, terminal, signal),
    ),
  )
    .addArgument(
      new Argument(
        '<action>',
        'compress: gzip landed files; prune: delete old files; prune-staging: delete old rows; never what is not safely in silver',
      ).choices(['compress', 'prune', 'prune-staging']),
    )
    .option('--days <number>', 'only what is older; without it, as the settings say', integer)
    .option('--dry-run', 'only say what would be done');
  define('expire', "delete rows that are older than project.yml's retention says", ({ flags, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/expire.ts')).expire(project, flags, terminal, signal),
    ),
  ).option('--dry-run', 'only say what would be done');
  define(
    'subject',
    "a person's request: what is held of an apartment, a copy of it, or its erasure",
    async ({ flags, args, terminal }) =>
      (await import('./commands/subject.ts')).subject(await opened(flags), args, flags, terminal, signal),
  )
    .addArgument(
      new Argument(
        '<action>',
        'find: where anything of it is, exit code 1 if anywhere; export: all of it as files; erase: all of it for ever',
      ).choices(['find', 'export', 'erase']),
    )
    .argument('<apartment>', 'its id in project.yml')
    .option('--output <folder>', 'export: where to, instead of exports/<apartment>-<time>')
    .option('--dry-run', 'erase: only say what would go')
    .option('-y, --yes', 'erase: do not ask');
}

async function opened(flags: Flags): Promise<Project> {
  const { openProject } = await import('./settings/environment.ts');
  return openProject(flags);
}

/** Runs a command with a log in LOG_DIR, where that is set; an error that ends the command is in the log, too. */
async function logged(
  flags: Flags,
  file: 'datacycle-watch.log' | 'datacycle.log',
  terminal: Terminal,
  work: (project: Project, journal: Journal | undefined) => Promise<number>,
): Promise<number> {
  const project = await opened(flags);
  const { openJournal } = await import('./terminal/journal.ts');
  const journal = openJournal(project, file, {
    clock: () => new Date(),
    onTrouble: (text) => terminal.errors([{ tone: 'warning', text }]),
  });
  terminal.journal = journal;
  try {
    return await work(project, journal);
  } catch (error) {
    const known = error instanceof DatacycleError ? { where: error.where, hint: error.hint } : {};
    journal?.write('error', 'error', { what: error instanceof Error ? error.message : String(error), ...known });
    throw error;
  } finally {
    await journal?.close();
  }
}
