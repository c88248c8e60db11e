import type { Define } from './define.ts';

/** Where a project begins. */
export function addBeginning(define: Define): void {
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
  // Whatever is asked of it, there is nothing to install.
  define('deps', 'say what there is instead of packages', ({ terminal }) => {
    terminal.say(
      'There are no packages to install. What several projects share is copied: macros into macros/, tests into tests/generic/.',
    );
    terminal.say('The tests of dbt_utils and dbt_expectations that everybody adds are built in: docs/data-tests.md.');
    return 0;
  })
    .allowUnknownOption()
    .allowExcessArguments();
}
