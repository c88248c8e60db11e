import { Command, InvalidArgumentError, Option } from 'commander';
import { examples } from './examples.ts';
import { takeFlagsOf } from './flags/environment.ts';
import { addIgnoredFlags, ignoredFlags } from './flags/ignored.ts';
import type { SelectionFlags } from './selection/chosen-nodes.ts';
import { selecting } from './selection/flags.ts';
import type { GlobalOptions } from './settings/environment.ts';
import { type LogLevel, logLevels } from './terminal/log-levels.ts';
import { Terminal } from './terminal/terminal.ts';

/** The flags of all commands; which of them there are depends on the command. */
export interface Flags extends GlobalOptions, SelectionFlags {
  readonly models?: readonly string[];
  readonly fullRefresh?: boolean;
  readonly reuse?: boolean;
  readonly changed?: boolean;
  readonly eventTimeStart?: string;
  readonly eventTimeEnd?: string;
  readonly threads?: number;
  readonly failFast?: boolean;
  readonly storeFailures?: boolean;
  readonly unitTestsOn?: 'embedded' | 'target';
  readonly full?: boolean;
  readonly fromBronze?: boolean;
  readonly file?: string;
  readonly skipLost?: boolean;
  readonly rate?: string;
  readonly timewarp?: string | boolean;
  readonly rooms?: string;
  readonly sensors?: string;
  readonly again?: boolean;
  readonly abandon?: boolean;
  readonly generate?: string;
  /** A format, one of those that the command offers; for bi and subject a folder. */
  readonly output?: string;
  readonly into?: string;
  readonly outputKeys?: readonly string[];
  readonly force?: boolean;
  readonly newReport?: boolean;
  readonly yes?: boolean;
  readonly inline?: string;
  readonly inlineDirect?: string;
  readonly kept?: boolean;
  readonly args?: string;
  readonly emptyCatalog?: boolean;
  readonly empty?: boolean;
  readonly sample?: string;
  readonly limit?: number;
  readonly days?: number;
  readonly seed?: number;
  readonly from?: string;
  readonly to?: string;
  readonly step?: string;
  readonly keep?: boolean;
  readonly dryRun?: boolean;
  readonly use?: string;
  readonly horizon?: readonly string[];
  readonly asOf?: string;
  readonly at?: string;
  readonly columns?: boolean;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly rotatePassword?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: LogLevel;
  readonly logLevelFile?: LogLevel;
  readonly warnError?: boolean;
  readonly warnErrorOptions?: string;
  readonly port?: number;
  readonly singleFile?: boolean;
  readonly host?: string;
  /** False with --no-open. */
  readonly open?: boolean;
}

/** The commands whose product is in the database: with `--quiet` they say only what went wrong. */
const working: ReadonlySet<string> = new Set([
  'load',
  'seed',
  'run',
  'snapshot',
  'build',
  'test',
  'retry',
  'run-operation',
  'clone',
]);

/** What a subcommand does: gets its own flags with the global ones and a terminal, returns the exit code. */
export type Action = (context: {
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly terminal: Terminal;
}) => Promise<number> | number;

export type Define = (name: string, description: string, action: Action) => Command;

/**
 * The program with its global flags, and a function that defines its commands.
 * @param exit called with a command's exit code. @param heldBy a terminal in place of the process's own.
 */
export function newProgram(
  exit: (code: number, command: string) => void,
  heldBy?: Terminal,
): { program: Command; define: Define } {
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
    .option('-q, --quiet', 'say only what went wrong, while something is loaded, built or tested')
    .addOption(
      new Option('--log-level <level>', 'the least that is printed besides results (default: info)').choices(logLevels),
    )
    .addOption(
      new Option('--log-level-file <level>', 'the least that goes to the log file (default: info)').choices(logLevels),
    )
    .option('--log-path <folder>', 'the folder of the log files, in place of LOG_DIR')
    .option('--target-path <folder>', 'where compiled SQL and artifacts go, in place of target/')
    .option('--warn-error', 'take every warning for an error')
    .option(
      '--warn-error-options <yaml>',
      'which warnings are errors, e.g. \'{"error": "all", "silence": ["LogTestResult"]}\'',
    )
    .option('--no-color', 'without colours, as with NO_COLOR in the environment')
    .option('-d, --debug', 'show where in the program an error comes from')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Run with --help to see what there is.');

  addIgnoredFlags(program);
  if (heldBy !== undefined) {
    const say = (tone: 'plain' | 'bad') => (text: string) => heldBy.lines([{ tone, text: text.trimEnd() }]);
    program.configureOutput({ writeOut: say('plain'), writeErr: say('bad') });
  }
  const define: Define = (name, description, action) => {
    const command = program.command(name).description(description).copyInheritedSettings(program);
    const shown = examples[name] ?? [];
    if (shown.length > 0) command.addHelpText('after', `\nExamples:\n${shown.map((line) => `  ${line}`).join('\n')}`);
    command.action(async (...all: unknown[]) => {
      takeFlagsOf(process.env, command);
      const flags = command.optsWithGlobals<Flags>();
      const isWork = working.has(name);
      const terminal =
        heldBy ?? new Terminal(flags.logFormat === 'json', flags.quiet === true && isWork, flags.logLevel, isWork);
      for (const [flag, why] of ignoredFlags(flags)) terminal.aside(`${flag} is ignored: ${why}.`);
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
  return { program, define };
}

/** Adds the flags by which what is not chosen is read where another run has it. */
export function deferring(command: Command): Command {
  return command
    .option('--defer', 'read what is not chosen and not there where the manifest of --state says')
    .option('--no-defer', 'do not')
    .option('--defer-state <folder>', 'the folder of that manifest, where it is not that of --state')
    .option('--favor-state', 'with --defer: read there also what is here, unless it is chosen');
}

/** Adds the flags that select nodes, and those that say how the nodes are worked on. */
export function running(command: Command): Command {
  return deferring(selecting(command))
    .option('--threads <number>', 'how many nodes to work on at once', positive)
    .option('-x, --fail-fast', 'start nothing new after the first failure');
}

/** Adds the flags by which models read only some rows. */
export function limiting(command: Command): Command {
  return command
    .option('--empty', 'models read no rows: only whether their SQL runs, and which columns they have')
    .option('--sample <span>', 'models read of what has an event_time only rows of a span, e.g. "3 days"');
}

/** The flags with `--models` as what it is, another word for `--select`. */
export function selectFlags(flags: Flags): Flags {
  return flags.models === undefined ? flags : { ...flags, select: [...(flags.select ?? []), ...flags.models] };
}

export function integer(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

export function limit(value: string): number {
  const number = integer(value);
  if (number < -1) throw new InvalidArgumentError('It must be 0 or more, or -1 for all rows.');
  return number;
}

function positive(value: string): number {
  const number = integer(value);
  if (number < 1) throw new InvalidArgumentError('It must be 1 or more.');
  return number;
}
