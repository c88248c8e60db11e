import { Argument, Option } from 'commander';
import { type Action, type Define, selectFlags } from './define.ts';
import { selecting } from './selection/flags.ts';

/** Adds `freshness`, and `source freshness`, which is what users of dbt type. */
export function addFreshness(define: Define): void {
  const action: Action = async ({ flags, terminal }) => {
    const { openProject } = await import('./settings/environment.ts');
    const { freshness } = await import('./commands/freshness.ts');
    return freshness(await openProject(flags), selectFlags(flags), terminal);
  };
  const output = () => new Option('--output <format>', 'how').choices(['text', 'json']).default('text');
  selecting(
    define(
      'freshness',
      'say how old the newest rows of sources are; exit code 1 if one is older than its error_after',
      action,
    ),
  ).addOption(output());
  selecting(define('source', 'source freshness is the same as freshness', action))
    .addArgument(new Argument('<action>', 'what to ask').choices(['freshness']))
    .addOption(output());
}
