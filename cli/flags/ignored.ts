// Flags that the commands have besides what each command is about:
//
//   environment.ts  DATACYCLE_<FLAG> of the environment gives a flag that the command line does not give
//   opposites.ts    --no-<flag> takes back a flag that the environment or `retry` has switched on
//   ignored.ts      flags of dbt that cannot matter here are taken, and the reason is printed once
//
// cli/define.ts lets the program take the ignored ones and, before a command runs, those of the environment; cli/program.ts adds the opposites when
// all commands are defined. A command sees its flags alone, not where they come from.
import { type Command, Option } from 'commander';

/** Flags of dbt that cannot matter here: they are taken, and what there is instead is said once. */
const ignored: Readonly<Record<string, string>> = {
  '--profiles-dir <folder>': 'targets are in project.yml, and the address of the database in DB_URL',
  '--profile <name>': 'targets are in project.yml, and the address of the database in DB_URL',
  '--partial-parse': 'what has not changed is never compiled again',
  '--no-partial-parse': 'what is kept in target/cache is never older than the files',
  '--no-compile': 'what the files say is compiled in any case; it needs no database',
  '--static-parser': 'there is one parser',
  '--no-static-parser': 'there is one parser',
  '--populate-cache': 'relations are asked for when they are needed',
  '--no-populate-cache': 'relations are asked for when they are needed',
  '--cache-selected-only': 'only relations of the selection are asked for',
  '--no-cache-selected-only': 'only relations of the selection are asked for',
  '--send-anonymous-usage-stats': 'nothing is sent to anybody',
  '--no-send-anonymous-usage-stats': 'nothing is sent to anybody',
  '--version-check': 'no version is asked for',
  '--no-version-check': 'no version is asked for',
  '--log-format-file <format>': 'log files are lines of JSON',
  '--log-cache-events': 'relations are asked for when they are needed',
  '--introspect': 'compiling needs no database',
  '--no-introspect': 'compiling needs no database',
  '--connection': 'debug always tries the connection',
  '--config-dir': 'settings are in project.yml and .env',
  '--write-json': 'artifacts are always written',
  '--no-write-json': 'artifacts are always written; --target-path says where',
  '--single-threaded': '--threads 1 works on one node at a time',
  '--macro-debugging': 'an error names each macro that was called on the way',
  '--record-timing-info <file>': 'run_results.json says how long each node took',
  '--export-saved-queries': 'there is no semantic layer',
  '--log-file-max-bytes <bytes>': 'log files of 10 MB are compressed, and 14 of them kept',
  '--use-experimental-parser': 'there is one parser',
  '--no-use-experimental-parser': 'there is one parser',
  '--print': 'templates print by {{log "..." info=true}}, and the rest is compiled in silence',
  '--no-print': 'templates print by {{log "..." info=true}} alone',
  '--no-single-threaded': '--threads says how many nodes are worked on at a time',
  '--no-macro-debugging': 'an error in a macro says who called it',
  '--use-fast-test-edges': 'there is one graph, and it is fast',
  '--no-use-fast-test-edges': 'there is one graph, and it is fast',
  '--show-all-deprecations': 'every notice is told once, at its place',
  '--no-show-all-deprecations': 'every notice is told once, at its place',
  '--partial-parse-file-path <file>': 'what is kept of a compilation is in target/cache',
  '--partial-parse-file-diff': 'what has not changed is never compiled again',
  '--no-partial-parse-file-diff': 'what is kept in target/cache is never older than the files',
  '--inject-ephemeral-ctes': 'ephemeral models are always put into compiled SQL',
  '--no-inject-ephemeral-ctes': 'ephemeral models are always put into compiled SQL',
  '--printer-width <columns>': 'lines are as long as they need to be',
  '--use-colors': 'colours are for terminals; FORCE_COLOR in the environment turns them on elsewhere',
  '--no-use-colors': '--no-color turns colours off',
  '--use-colors-file': 'log files have no colours',
  '--no-use-colors-file': 'log files have no colours',
};

const options = Object.keys(ignored).map((flags) => new Option(flags).hideHelp());

/** Lets a program take the flags of dbt that cannot matter here. They are not in its help. */
export function addIgnoredFlags(program: Command): void {
  for (const option of options) program.addOption(option);
}

/** Of the flags that were given those that are ignored, each with the reason. */
export function ignoredFlags(given: object): readonly (readonly [flag: string, why: string])[] {
  const values = new Map<string, unknown>(Object.entries(given));
  return options
    .filter((option) => {
      const value = values.get(option.attributeName());
      return value !== undefined && (option.negate ? value === false : value !== false);
    })
    .map((option) => [option.long ?? option.flags, ignored[option.flags] ?? '']);
}
