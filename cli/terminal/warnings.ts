import { z } from 'zod';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';

/** The warnings that can be made errors or silenced, by dbt's names where it has them. */
export const warningNames = {
  NoNodesForSelectionCriteria: 'a selector that matches nothing',
  ProjectNotice: 'what the compiler notices in the project: keys that mean nothing, {{warn}}, empty files',
  LogTestResult: 'a data test that warns',
  LogFreshnessResult: 'a source that is older than its warn_after',
} as const;

export type WarningName = keyof typeof warningNames;

/** Warnings of dbt that there are none of here, or that are errors: naming them changes nothing. */
const ofDbt =
  /Deprecations?$|^(?:NodeNotFoundOrDisabled|NothingToDo|UnusedResourceConfigPath|MacroNotFoundForPatch|JinjaLogWarning|WarnStateTargetEqual|FreshnessConfigProblem|DeprecatedModel|DeprecatedReference|SeedIncreased|SeedExceedsLimit\w*|UnsupportedConstraintMaterialization|InvalidConcurrentBatchesConfig|MicrobatchModelNoEventTimeInputs|NoNodesSelected)$/;

const names = z.union([z.literal('all'), z.literal('*'), z.array(z.string())]).optional();

/** As dbt has them; `include` and `exclude` are its older words for `error` and `warn`. */
const optionsSchema = z.strictObject({
  error: names,
  warn: names,
  silence: z.array(z.string()).optional(),
  include: names,
  exclude: names,
});

/** What becomes of each kind of warning. */
export type WarningPolicy = (name: WarningName) => 'warn' | 'error' | 'silence';

/** The flags that say so, on the command line or under `flags` in project.yml. */
export interface WarningFlags {
  readonly warnError?: boolean | undefined;
  /** An object, or YAML of one. */
  readonly warnErrorOptions?: unknown;
}

/**
 * The policy of some flags.
 * @param parse reads YAML. @param where the flags are written, for messages.
 * @throws UsageError for options that cannot be read, or that name no warning.
 */
function warningPolicy(
  { warnError, warnErrorOptions }: WarningFlags,
  parse: (text: string) => unknown,
  where = '--warn-error-options',
): WarningPolicy {
  if (warnErrorOptions === undefined) return () => (warnError === true ? 'error' : 'warn');
  const checked = optionsSchema.safeParse(parsed(warnErrorOptions, parse));
  const issue = checked.error?.issues[0];
  if (!checked.success)
    throw new UsageError({
      what: `${where} cannot be read: ${[...(issue?.path ?? []), issue?.message].join(': ')}`,
      hint: `Write '{"error": "all", "warn": ["LogTestResult"], "silence": ["ProjectNotice"]}', each of them a list of names.`,
    });
  const { error, include = error, warn, exclude = warn, silence = [] } = checked.data;
  for (const name of [include ?? [], exclude ?? [], silence].flat()) checkName(name, where);
  const has = (list: typeof include, name: WarningName) =>
    list === 'all' || list === '*' || (Array.isArray(list) && list.includes(name));
  return (name) => {
    if (silence.includes(name)) return 'silence';
    if (has(exclude, name)) return 'warn';
    return warnError === true || has(include, name) ? 'error' : 'warn';
  };
}

function parsed(options: unknown, parse: (text: string) => unknown): unknown {
  if (typeof options !== 'string') return options;
  try {
    return parse(options);
  } catch {
    return options;
  }
}

function checkName(name: string, where: string): void {
  if (Object.hasOwn(warningNames, name) || ofDbt.test(name) || name === 'all' || name === '*') return;
  throw new UsageError({
    what: `${where} names "${name}", and there is no such warning`,
    hint: didYouMean(name, Object.keys(warningNames)) ?? `There are ${Object.keys(warningNames).join(', ')}.`,
  });
}

/**
 * What becomes of warnings: as the command line says, or else `flags` in project.yml; undefined if neither says it.
 * @throws UsageError for options that cannot be read.
 */
export async function projectWarnings(
  { settings, settingsFile }: Pick<Project, 'settings' | 'settingsFile'>,
  { warnError, warnErrorOptions }: WarningFlags,
): Promise<WarningPolicy | undefined> {
  const { flags } = settings;
  const isGiven = warnError !== undefined || warnErrorOptions !== undefined;
  const said = isGiven
    ? { warnError, warnErrorOptions }
    : { warnError: flags?.warn_error, warnErrorOptions: flags?.warn_error_options };
  if (said.warnError === undefined && said.warnErrorOptions === undefined) return undefined;
  const { parseYaml } = await import('../../runner/yaml/exact-numbers.ts');
  const { file, line } = settingsFile.place(['flags', 'warn_error_options']);
  return warningPolicy(said, parseYaml, isGiven ? '--warn-error-options' : `warn_error_options at ${file}:${line}`);
}
