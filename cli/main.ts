import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Project } from '../runner/project.ts';
import { errorLines } from '../runner/report.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import { bi } from './commands/bi.ts';
import { bronze } from './commands/bronze.ts';
import { check } from './commands/check.ts';
import { compile } from './commands/compile.ts';
import { demo } from './commands/demo.ts';
import { expire } from './commands/expire.ts';
import { init } from './commands/init.ts';
import { load } from './commands/load.ts';
import { list } from './commands/ls.ts';
import { runCommand } from './commands/run.ts';
import { show } from './commands/show.ts';
import { status } from './commands/status.ts';
import { subject, subjectActions } from './commands/subject.ts';
import { verify } from './commands/verify.ts';
import { watch } from './commands/watch.ts';
import { type GlobalOptions, openProject } from './environment.ts';
import { type Journal, openJournal } from './journal.ts';
import { Terminal } from './terminal.ts';

/** Reads the command line, makes the one call it asks for and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = () => {
    // A second Ctrl+C means now.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // What Windows sends for Ctrl+Break; SIGTERM does not reach a process there.
  process.on('SIGBREAK', onSignal);
  // A reader that closes the pipe early (head, less) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let exitCode = 0;
  let endsByStopping = false;
  const program = buildProgram(interrupt.signal, (code, command) => {
    exitCode = code;
    endsByStopping = command === 'watch';
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    exitCode = reportFailure(error, args);
  }
  // Stopping is how a watcher ends well; anything else was left half-way.
  if (interrupt.signal.aborted && !endsByStopping) exitCode = 130;
  // On Windows a pipe is written in the background; what is not out yet would be lost.
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(exitCode);
}

/** Runs a command with a log in LOG_DIR, where that is set; an error that ends the command is in the log, too. */
async function logged(
  project: Project,
  file: 'datacycle-watch.log' | 'datacycle.log',
  terminal: Terminal,
  work: (project: Project, journal: Journal | undefined) => Promise<number>,
): Promise<number> {
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

function reportFailure(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const terminal = new Terminal(args.includes('json') && args.includes('--log-format'));
  const fault = error instanceof Error ? error : new Error(String(error));
  if (fault instanceof DatacycleError) terminal.failure(fault, errorLines(fault));
  else if (terminal.json) terminal.event({ type: 'error', what: fault.message });
  else terminal.errors(errorLines(fault));
  if (args.includes('--debug')) terminal.errors([{ tone: 'faint', text: fault.stack ?? '' }, ...causes(fault)]);
  else if (!(fault instanceof DatacycleError))
    terminal.errors([{ tone: 'plain', text: '  This is unexpected. Run it again with --debug for the details.' }]);
  return fault instanceof DatacycleError ? fault.exitCode : 1;
}

function causes(error: Error): { tone: 'faint'; text: string }[] {
  return error.cause instanceof Error
    ? [{ tone: 'faint', text: `Caused by ${error.cause.stack ?? error.cause.message}` }, ...causes(error.cause)]
    : [];
}

function buildProgram(signal: AbortSignal, exit: (code: number, command: string) => void): Command {
  const program = new Command('datacycle')
    .description('Lands raw data, runs SQL models over it and tests them.')
    .version('0.1.0', '-V, --version', 'print the version')
    .addOption(new Option('--project-dir <folder>', 'the folder with project.yml').default('.'))
    .option('-t, --target <name>', 'the target of project.yml to use')
    .option('--vars <yaml>', 'variables over those of project.yml, e.g. \'{"name": "value"}\'')
    .addOption(
      new Option('--log-format <format>', 'text for people, json for one object a line')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--debug', 'show where in the program an error comes from')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Run with --help to see what there is.');

  /** A subcommand whose action gets its own flags with the global ones, a terminal, and returns the exit code. */
  const define = (
    name: string,
    description: string,
    action: (context: { flags: Flags; args: readonly string[]; terminal: Terminal }) => Promise<number> | number,
  ) => {
    const command = program.command(name).description(description).copyInheritedSettings(program);
    command.action(async (...all: unknown[]) => {
      const flags = command.optsWithGlobals<Flags>();
      const terminal = new Terminal(flags.logFormat === 'json');
      // Arguments come before the flags and the command itself; one that takes several is a list.
      const given = all
        .slice(0, -2)
        .flatMap((one) => (Array.isArray(one) ? one.map(String) : typeof one === 'string' ? [one] : []));
      const code = await action({ flags, args: given, terminal });
      terminal.done();
      exit(code, name);
    });
    return command;
  };
  const selecting = (command: Command) =>
    command
      .option(
        '-s, --select <selector...>',
        'names, globs, tag:x, path:x, +x, x+, 2+x+1; a space is "or", a comma "and"',
        splitWords,
      )
      .option('-m, --models <selector...>', 'the same as --select', splitWords)
      .option('--exclude <selector...>', 'what to leave out of the selection', splitWords);
  const running = (command: Command) =>
    selecting(command)
      .option('--threads <number>', 'how many nodes to work on at once', positive)
      .option('-x, --fail-fast', 'start nothing new after the first failure');

  define('demo', 'a sample day end to end on the embedded database, then what to try next', ({ flags, terminal }) =>
    demo(flags, terminal, signal),
  );
  define('init', 'with DB_ADMIN_URL: the database, its user and its schemas; safe to repeat', ({ flags, terminal }) =>
    init(openProject(flags), { rotatePassword: flags.rotatePassword === true }, terminal),
  ).option('--rotate-password', "give the user that DB_URL names DB_URL's password");
  define('load', 'land what is new: raw files to Bronze and staging', ({ flags, args, terminal }) =>
    logged(openProject(flags), 'datacycle.log', terminal, (project) => load(project, args, flags, terminal, signal)),
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
        logged(openProject(flags), 'datacycle.log', terminal, (project) =>
          runCommand(name, project, selectFlags(flags), terminal, signal),
        ),
      ),
    );
    // The history in a snapshot is nowhere else: nothing rebuilds it.
    if (name !== 'snapshot')
      command.option('-f, --full-refresh', 'rebuild incremental models from all of their upstreams');
  }
  running(
    define('test', 'run the data tests', ({ flags, terminal }) =>
      logged(openProject(flags), 'datacycle.log', terminal, (project) =>
        runCommand('test', project, selectFlags(flags), terminal, signal),
      ),
    ),
  );
  selecting(
    define('compile', 'write the SQL of the models to target/compiled, without a database', ({ flags, terminal }) =>
      compile(openProject(flags), selectFlags(flags), terminal),
    ),
  );
  selecting(
    define(
      'check',
      'run all SQL on empty tables in memory: finds what a build would trip over',
      ({ flags, terminal }) => check(openProject(flags), selectFlags(flags), terminal, signal),
    ),
  );
  selecting(
    define('ls', 'list seeds, models and tests', ({ flags, terminal }) =>
      list(openProject(flags), selectFlags(flags), terminal),
    ),
  )
    .alias('list')
    .addOption(new Option('--resource-type <kind>', 'only this kind').choices(['seed', 'model', 'test']))
    .addOption(new Option('--output <format>', 'how').choices(['name', 'path', 'table', 'json']).default('name'));
  selecting(
    define('show', 'show the rows of a query, a model or a failing test', ({ flags, terminal }) =>
      show(
        openProject(flags),
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
    .option('--limit <rows>', 'at most so many rows; -1 for all (default: 5)', limit)
    .addOption(new Option('--output <format>', 'how').choices(['table', 'json', 'csv']).default('table'));
  selecting(
    define(
      'verify',
      'build models from scratch beside their tables and say where they differ; changes nothing; exit code 1 if one differs',
      ({ flags, terminal }) =>
        verify(
          openProject(flags),
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
  define('bi', 'write a Power BI project on the views of schema bi; needs no database', ({ flags, terminal }) =>
    bi(openProject(flags), flags, terminal),
  )
    .option('--output <folder>', 'where to (default: power-bi in the project)')
    .option('--force', 'overwrite what has been changed by hand, the report too');
  define(
    'watch',
    'keep everything fresh until stopped: land what comes in and build what it touches',
    ({ flags, terminal }) =>
      logged(openProject(flags), 'datacycle-watch.log', terminal, (project, journal) =>
        watch(project, terminal, journal, signal),
      ),
  );
  define('bronze', 'housekeeping of what was landed: Bronze files and staging rows', ({ flags, args, terminal }) =>
    logged(openProject(flags), 'datacycle.log', terminal, (project) =>
      bronze(project, args[0] ?? '', flags, terminal, signal),
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
    logged(openProject(flags), 'datacycle.log', terminal, (project) => expire(project, flags, terminal, signal)),
  ).option('--dry-run', 'only say what would be done');
  define(
    'subject',
    "a person's request: what is held of an apartment, a copy of it, or its erasure",
    ({ flags, args, terminal }) => subject(openProject(flags), args, flags, terminal, signal),
  )
    .addArgument(
      new Argument(
        '<action>',
        'find: where anything of it is, exit code 1 if anywhere; export: all of it as files; erase: all of it for ever',
      ).choices(subjectActions),
    )
    .argument('<apartment>', 'its id in project.yml')
    .option('--output <folder>', 'export: where to, instead of exports/<apartment>-<time>')
    .option('--dry-run', 'erase: only say what would go')
    .option('-y, --yes', 'erase: do not ask');
  define(
    'status',
    'freshness, row counts, last runs, rejected files; exit code 1 if something needs a person',
    ({ flags, terminal }) => status(openProject(flags), terminal),
  );
  return program;
}

type Flags = GlobalOptions & {
  readonly select?: readonly string[];
  readonly models?: readonly string[];
  readonly exclude?: readonly string[];
  readonly fullRefresh?: boolean;
  readonly threads?: number;
  readonly failFast?: boolean;
  readonly full?: boolean;
  readonly fromBronze?: boolean;
  readonly resourceType?: string;
  /** A format, one of those that the command offers; for bi and subject a folder. */
  readonly output?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly inline?: string;
  readonly limit?: number;
  readonly days?: number;
  readonly dryRun?: boolean;
  readonly rotatePassword?: boolean;
};

function selectFlags(flags: Flags): Flags {
  return flags.models === undefined ? flags : { ...flags, select: [...(flags.select ?? []), ...flags.models] };
}

function splitWords(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function integer(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

function limit(value: string): number {
  const number = integer(value);
  if (number < -1) throw new InvalidArgumentError('It must be 0 or more, or -1 for all rows.');
  return number;
}

function positive(value: string): number {
  const number = integer(value);
  if (number < 1) throw new InvalidArgumentError('It must be 1 or more.');
  return number;
}
