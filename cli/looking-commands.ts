import { Argument, Option } from 'commander';
import { type Action, type Define, deferring, integer, limit, limiting, selectFlags } from './define.ts';
import { opened } from './opened.ts';
import { selecting } from './selection/flags.ts';

/** What looks without touching. */
export function addLooking(define: Define, signal: AbortSignal): void {
  selecting(
    define('plan', 'say what build would do with each node, and why; changes nothing', async ({ flags, terminal }) =>
      (await import('./looking/plan.ts')).plan(await opened(flags, terminal), selectFlags(flags), terminal, signal),
    ),
  )
    .option('-f, --full-refresh', 'as if incremental models were rebuilt from all of their upstreams')
    .option('--no-reuse', 'as if nothing were left out that nothing has changed for')
    .option('--event-time-start <time>', 'of microbatch models, just the batches from this date or time on')
    .option('--event-time-end <time>', 'and only those before this one')
    .addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'));
  limiting(
    deferring(
      selecting(
        define(
          'compile',
          'write the SQL of the models to target/compiled, without a database',
          async ({ flags, terminal }) => {
            const { compile } = await import('./looking/compile.ts');
            return compile(await opened(flags, terminal), selectFlags(flags), terminal);
          },
        ),
      ),
    ),
  )
    .option('--inline <sql>', "print this query instead, compiled; {{ref 'x'}} works in it")
    .addOption(new Option('--output <format>', 'how SQL is printed').choices(['text', 'json']).default('text'));
  define(
    'parse',
    'read and compile the project, and write target/manifest.json; needs no database',
    async ({ flags, terminal }) => (await import('./looking/parse.ts')).parse(await opened(flags, terminal), terminal),
  );
  define('clean', 'remove target/: compiled SQL, manifests and the compile cache', async ({ flags, terminal }) =>
    (await import('./commands/clean.ts')).clean(await opened(flags, terminal), terminal),
  );
  selecting(
    define(
      'check',
      'run all SQL on empty tables in memory: finds what a build would trip over',
      async ({ flags, terminal }) => {
        const { check } = await import('./looking/check.ts');
        return check(await opened(flags, terminal), selectFlags(flags), terminal, signal);
      },
    ),
  );
  selecting(
    define(
      'ls',
      'list what a selection names: models, seeds, tests, sources, exposures',
      async ({ flags, terminal }) => {
        if (flags.columns === true) {
          const { listColumns } = await import('./analysis/columns.ts');
          return listColumns(await opened(flags, terminal), selectFlags(flags), terminal);
        }
        const { list } = await import('./looking/ls.ts');
        return list(await opened(flags, terminal), flags, terminal);
      },
    ),
  )
    .alias('list')
    .addOption(
      new Option('--output <format>', 'how').choices(['selector', 'name', 'path', 'table', 'json']).default('selector'),
    )
    .option(
      '--output-keys <key...>',
      'with --output json: only these keys; a dot goes inside, e.g. config.materialized',
    )
    .option('--columns', 'the columns of seeds and models, and what each comes from');
  define(
    'lineage',
    'say where columns come from and where they go, as the SQL says; needs no database',
    async ({ flags, args, terminal }) => {
      const { lineage } = await import('./analysis/lineage.ts');
      return lineage(await opened(flags, terminal), args, flags, terminal);
    },
  )
    .argument(
      '[columns...]',
      'model.column, or a model for all of its columns; without any: what each column is made of',
    )
    .option('--upstream', 'only where they come from')
    .option('--downstream', 'only where they go')
    .addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'));
  define(
    'lint',
    'say what of the SQL and the .yml files breaks a rule; exit code 1 if anything does',
    async ({ flags, terminal }) => {
      const { lint } = await import('./analysis/lint.ts');
      return lint(await opened(flags, terminal), flags, terminal);
    },
  ).addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'));
  deferring(
    selecting(
      define(
        'show',
        'show the rows of a query, a model, a failing test or a failed audit',
        async ({ flags, terminal }) =>
          (await import('./looking/show.ts')).show(
            await opened(flags, terminal),
            {
              ...selectFlags(flags),
              limit: flags.limit ?? 5,
              output: flags.output === 'json' || flags.output === 'csv' ? flags.output : 'table',
            },
            terminal,
          ),
      ),
    ),
  )
    .option('--inline <sql>', "a query; {{ref 'x'}} works in it")
    .option('--inline-direct <sql>', 'a query that is sent as it is; nothing is compiled')
    .option('--kept', 'the bad rows that an audit kept when it failed last')
    .option('--limit <rows>', 'at most so many rows; -1 for all (default: 5)', limit)
    .addOption(new Option('--output <format>', 'how').choices(['table', 'json', 'csv']).default('table'));
  selecting(
    define(
      'verify',
      'build models from scratch beside their tables and say where they differ; changes nothing; exit code 1 if one differs',
      async ({ flags, terminal }) =>
        (await import('./looking/verify.ts')).verify(
          await opened(flags, terminal),
          {
            ...selectFlags(flags),
            limit: flags.limit ?? 20,
            output: flags.output === 'json' || flags.output === 'csv' ? flags.output : 'table',
          },
          terminal,
          signal,
        ),
    ),
  )
    .option('--limit <rows>', 'tell at most so many differing rows of a model; -1 for all (default: 20)', limit)
    .addOption(new Option('--output <format>', 'how').choices(['table', 'json', 'csv']).default('table'));
  define(
    'status',
    'freshness, row counts, last runs, rejected files; exit code 1 if something needs a person',
    async ({ flags, terminal }) =>
      (await import('./looking/status.ts')).status(await opened(flags, terminal), terminal),
  );
  define('debug', 'say what the settings name, and whether the database can be reached', async ({ flags, terminal }) =>
    (await import('./looking/debug.ts')).debug(await opened(flags, terminal), terminal),
  );
  define('bi', 'write a Power BI project on the views of schema bi, or draw its pages', async ({ flags, terminal }) => {
    const { bi } = await import('./commands/bi.ts');
    return bi(await opened(flags, terminal), flags, terminal);
  })
    .option('--output <folder>', 'where to (default: power-bi in the project)')
    .option(
      '--force',
      'overwrite what has been changed by hand or by Power BI Desktop, but not a report that was worked on',
    )
    .option('--new-report', 'replace the reports by new ones; every page in them is lost')
    .option('--preview', 'draw the pages from the database instead, as HTML in target/powerbi-preview')
    .option('--language <code>', 'the language of the preview, e.g. fr (default: en)');
  addFreshness(define);
  selecting(
    define(
      'docs',
      'write what describes the project: pages, target/manifest.json, target/catalog.json; or serve the pages',
      async ({ flags, args, terminal }) => {
        const { docs } = await import('./docs/generate.ts');
        return docs(await opened(flags, terminal), args[0] ?? '', selectFlags(flags), terminal, signal);
      },
    ),
  )
    .addArgument(
      new Argument('<action>', 'generate: write them; serve: show the pages in a browser').choices([
        'generate',
        'serve',
      ]),
    )
    .option('--empty-catalog', 'ask no database: the catalog says of no relation that it is there')
    .option('--single-file', 'generate: all pages in one file, target/docs/index.html')
    .option('--port <number>', 'serve: the port at 127.0.0.1; 0: any that is free (default: 8080)', integer);
}

/** Adds `freshness`, and `source freshness`, which is what users of dbt type. */
function addFreshness(define: Define): void {
  const action: Action = async ({ flags, terminal }) => {
    const { freshness } = await import('./looking/freshness.ts');
    return freshness(await opened(flags, terminal), selectFlags(flags), terminal);
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
