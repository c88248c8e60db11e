import type { Command, Option } from 'commander';
import { UsageError } from '../../runner/text/errors.ts';

/**
 * The flags that the environment may give, each as DATACYCLE_<FLAG>: those that say how commands work on this machine, and none
 * that says what is worked on or that deletes something.
 */
export const environmentFlags = [
  'debug',
  'defer',
  'deferState',
  'empty',
  'excludeResourceType',
  'failFast',
  'favorState',
  'fullRefresh',
  'indirectSelection',
  'logFormat',
  'logLevel',
  'logLevelFile',
  'logPath',
  'projectDir',
  'quiet',
  'resourceType',
  'reuse',
  'sample',
  'state',
  'storeFailures',
  'target',
  'targetPath',
  'threads',
  'unitTestsOn',
  'warnError',
  'warnErrorOptions',
] as const;

/** `fullRefresh` is DATACYCLE_FULL_REFRESH. */
export function variableOf(flag: string): string {
  return `DATACYCLE_${flag.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Takes for flags of a command that the command line does not give what the environment says. An empty variable counts as not set.
 * @throws UsageError for a value that the flag does not take.
 */
export function takeFlagsOf(env: Readonly<Record<string, string | undefined>>, command: Command): void {
  for (const owner of [command, command.parent]) {
    for (const option of owner?.options ?? []) {
      const flag = option.attributeName();
      const value = env[variableOf(flag)];
      if (owner === null || option.hidden || !value || !(environmentFlags as readonly string[]).includes(flag))
        continue;
      const source = owner.getOptionValueSource(flag);
      if (source !== undefined && source !== 'default' && source !== 'env') continue;
      owner.setOptionValueWithSource(flag, valueOfOption(option, value, variableOf(flag)), 'env');
    }
  }
}

const yes = ['true', 'yes', 'on', '1'];
const no = ['false', 'no', 'off', '0'];

function valueOfOption(option: Option, text: string, variable: string): unknown {
  const refuse = (what: string) =>
    new UsageError({
      what: `${variable} is "${text}", but must be ${what}`,
      hint: 'Correct it, or take it out of the environment.',
    });
  if (option.isBoolean() || option.negate) {
    const word = text.trim().toLowerCase();
    if (yes.includes(word)) return true;
    if (no.includes(word)) return false;
    throw refuse('true or false');
  }
  const words = option.variadic ? text.trim().split(/\s+/) : [text];
  const { argChoices, parseArg } = option;
  if (argChoices !== undefined && words.some((word) => !argChoices.includes(word)))
    throw refuse(`one of ${argChoices.join(', ')}`);
  if (option.variadic) return words;
  try {
    return parseArg === undefined || argChoices !== undefined ? text : parseArg(text, undefined);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message.replace(/^It must be |\.$/g, '') : 'something else');
  }
}
