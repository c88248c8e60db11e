import { Argument } from 'commander';
import { type Define, integer } from './define.ts';
import { logged, opened } from './opened.ts';

/** What deletes: what is old, and what a person asks for. */
export function addKeeping(define: Define, signal: AbortSignal): void {
  define('bronze', 'housekeeping of what was landed: Bronze files and staging rows', ({ flags, args, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/bronze.ts')).bronze(project, args[0] ?? '', flags, terminal, signal),
    ),
  )
    .addArgument(
      new Argument(
        '<action>',
        'archive: move old files to the bucket of BRONZE_ARCHIVE; compact: make one file of many small ones of messages; compress: gzip landed files; prune: delete old files; prune-staging: delete old rows; never what is not safely in silver',
      ).choices(['archive', 'compact', 'compress', 'prune', 'prune-staging']),
    )
    .option('--days <number>', 'only what is older; without it, as the settings say', integer)
    .option('--dry-run', 'only say what would be done');
  define('expire', "delete rows that are older than project.yml's retention says", ({ flags, terminal }) =>
    logged(flags, 'datacycle.log', terminal, async (project) =>
      (await import('./commands/expire.ts')).expire(project, flags, terminal, signal),
    ),
  ).option('--dry-run', 'only say what would be done');
  define(
    'subject',
    "a person's request: what is held of an apartment, a copy of it, or its erasure",
    async ({ flags, args, terminal }) =>
      (await import('./commands/subject.ts')).subject(await opened(flags, terminal), args, flags, terminal, signal),
  )
    .addArgument(
      new Argument(
        '<action>',
        'find: where anything of it is, exit code 1 if anywhere; export: all of it as files; erase: all of it for ever',
      ).choices(['find', 'export', 'erase']),
    )
    .argument('<apartment>', 'its id in project.yml')
    .option('--output <folder>', 'export: where to, instead of exports/<apartment>-<time>')
    .option('--dry-run', 'erase: only say what would go')
    .option('-y, --yes', 'erase: do not ask');
}
