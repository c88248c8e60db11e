// What a shell offers when Tab is pressed.
//
//   1. scripts.ts      the script that a shell loads; it asks `datacycle completion <shell> -- <words>` at each Tab
//   2. candidates.ts   the words of a command line -> what its last word may become: commands, flags and their values
//   3. project-names.ts  names of the project: models, tags, sources, targets, macros, selectors
//
// The commands and flags are read from the program itself, so that none is forgotten. Nothing is printed but candidates: whatever goes
// wrong while they are looked for, such as a project that does not compile, means that there are none.
import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import type { Argument, Command, Option } from 'commander';

/** What a word may become, and what that is. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** The names of the project that flags and arguments take. */
export interface ProjectNames {
  /** What selectors name: `orders`, `tag:nightly`, `source:raw.orders`, by what they are. */
  readonly selectable: readonly Candidate[];
  readonly selectors: readonly string[];
  readonly targets: readonly string[];
  readonly macros: readonly string[];
}

/**
 * What the last of some words may become. Pure, but for folders that are listed.
 * @param words of the command line behind the program's name; the last one is being typed, and may be empty.
 * @param names asked only where they are needed.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  names: () => Promise<ProjectNames>,
): Promise<readonly Candidate[]> {
  const typed = (words.at(-1) ?? '').trim();
  const before = words.slice(0, -1);
  const line = readLine(program, before);
  if (line === undefined) return [];
  const { command = program, open } = line;
  const own = command === program ? [] : command.options;
  const options = [...own, ...program.options].filter(({ hidden }) => !hidden);
  if (open !== undefined && !(open.variadic && typed.startsWith('-')))
    return starting(typed, await valuesOf(open, typed, names));
  if (typed.startsWith('-'))
    return starting(
      typed,
      options.map(({ long, short, description }) => ({ value: long ?? short ?? '', description })),
    );
  if (line.command === undefined)
    return starting(
      typed,
      program.commands.map((one) => ({ value: one.name(), description: one.description() })),
    );
  const { registeredArguments: known } = command;
  const last = known.at(-1);
  const argument = known[line.given] ?? (last?.variadic ? last : undefined);
  return argument === undefined ? [] : starting(typed, await argumentValues(command, argument, typed, names));
}

interface ReadLine {
  readonly command: Command | undefined;
  /** How many arguments of the command are there. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly open: Option | undefined;
}

/** Undefined for a line whose command there is not. */
function readLine(program: Command, words: readonly string[]): ReadLine | undefined {
  let command: Command | undefined;
  let given = 0;
  let open: Option | undefined;
  for (const word of words) {
    if (word.startsWith('-')) {
      const option = [...(command?.options ?? []), ...program.options].find(
        ({ long, short }) => word === long || word === short,
      );
      open = option !== undefined && (option.required || option.optional) ? option : undefined;
    } else if (open !== undefined) {
      if (!open.variadic) open = undefined;
    } else if (command === undefined) {
      command = program.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (command === undefined) return undefined;
    } else given += 1;
  }
  return { command, given, open };
}

const selecting = new Set(['select', 'models', 'exclude']);

async function valuesOf(
  option: Option,
  typed: string,
  names: () => Promise<ProjectNames>,
): Promise<readonly Candidate[]> {
  const { argChoices, flags, description } = option;
  const flag = option.attributeName();
  if (argChoices !== undefined) return argChoices.map((value) => ({ value, description }));
  if (selecting.has(flag)) return selectorsFor(typed, (await names()).selectable);
  if (flag === 'selector') return (await names()).selectors.map((value) => ({ value, description: 'selector' }));
  if (flag === 'target') return (await names()).targets.map((value) => ({ value, description: 'target' }));
  return flags.includes('<folder>') ? foldersFor(typed) : [];
}

async function argumentValues(
  command: Command,
  argument: Argument,
  typed: string,
  names: () => Promise<ProjectNames>,
): Promise<readonly Candidate[]> {
  if (argument.argChoices !== undefined)
    return argument.argChoices.map((value) => ({ value, description: argument.description }));
  switch (argument.name()) {
    case 'folder':
      return foldersFor(typed);
    case 'macro':
      return (await names()).macros.map((value) => ({ value, description: 'macro' }));
    case 'sources':
      return ['sensors', 'weather', 'registry'].map((value) => ({ value, description: 'source' }));
    case 'columns':
      return command.name() === 'lineage' ? (await names()).selectable.filter(({ value }) => !value.includes(':')) : [];
    default:
      return [];
  }
}

/** Selectors that go on from what is typed: behind a comma, and behind operators such as `+` and `@`. */
function selectorsFor(typed: string, selectable: readonly Candidate[]): readonly Candidate[] {
  const [begin = ''] = /^(?:.*,)?(?:@|\d*\+)?/.exec(typed) ?? [];
  return selectable.map(({ value, description }) => ({ value: `${begin}${value}`, description }));
}

/** The folders below the folder that is typed, with a slash behind them. */
function foldersFor(typed: string): readonly Candidate[] {
  const inside = typed.includes('/') ? typed.slice(0, typed.lastIndexOf('/') + 1) : '';
  return readdirSync(inside === '' ? '.' : inside, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && (!entry.name.startsWith('.') || posix.basename(typed).startsWith('.'))
      ? [{ value: `${inside}${entry.name}/`, description: 'folder' }]
      : [],
  );
}

function starting(typed: string, all: readonly Candidate[]): readonly Candidate[] {
  return all.filter(({ value }) => value.startsWith(typed));
}
