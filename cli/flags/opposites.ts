import { type Command, Option } from 'commander';
import { environmentFlags } from './environment.ts';

/**
 * Gives each flag that the environment or `retry` may have switched on its opposite, as in dbt: `--no-fail-fast`. They are not in
 * the help, where they would double the flags.
 */
export function addOpposites(program: Command): void {
  for (const command of [program, ...program.commands]) {
    const known = new Set([...program.options, ...command.options].map(({ long }) => long));
    for (const option of [...command.options]) {
      const opposite = `--no-${option.name()}`;
      const isSwitch = option.isBoolean() && !option.negate && !option.hidden;
      if (!isSwitch || known.has(opposite) || !(environmentFlags as readonly string[]).includes(option.attributeName()))
        continue;
      command.addOption(new Option(opposite, `the opposite of --${option.name()}`).hideHelp());
    }
  }
}
