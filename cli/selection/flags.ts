import { type Command, Option } from 'commander';
import { indirectSelections } from '../../runner/selection/criterion.ts';
import { resourceTypes } from '../../runner/selection/selectable.ts';

/** Adds the flags that select nodes. */
export function selecting(command: Command): Command {
  return command
    .option(
      '-s, --select <selector...>',
      'names, globs, tag:x, path:x, +x, x+, 2+x+1, @x; a space is "or", a comma "and"',
      added,
    )
    .option('-m, --models <selector...>', 'the same as --select', added)
    .option('--exclude <selector...>', 'what to leave out of the selection', added)
    .option('--state <folder>', 'what an earlier run left in target/, for state:, result: and source_status:')
    .option('--selector <name>', 'a selector of selectors.yml in place of these')
    .addOption(
      new Option('--resource-type <kind...>', 'of these only such kinds').choices([...resourceTypes, 'all', 'default']),
    )
    .addOption(new Option('--exclude-resource-type <kind...>', 'and none of these kinds').choices(resourceTypes))
    .addOption(
      new Option(
        '--indirect-selection <how>',
        'which tests come along: with any parent, with all, with those that a build could use, or none',
      ).choices(indirectSelections),
    );
}

function added(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
