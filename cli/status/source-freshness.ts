import type { SourceName } from '../../loaders/landing/summary.ts';
import type { Age, SourceNode } from '../../runner/manifest/manifest.ts';
import { StatementError } from '../../warehouse/errors.ts';
import { literal, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import type { Source } from '../sources/sources.ts';
import { exists } from './source-state.ts';

/** How old the newest row of a source is, or why that is not known. */
export type SourceAge =
  | {
      readonly node: SourceNode;
      readonly status: 'pass' | 'warn' | 'error';
      /** ISO text; as in dbt the first day of year 1, where there is no row. */
      readonly newest: string;
      /** When the database was asked, ISO text. */
      readonly asked: string;
      readonly ageSeconds: number;
      /** How long the query took. */
      readonly seconds: number;
    }
  | { readonly node: SourceNode; readonly status: 'runtime error'; readonly message: string };

/** As in dbt, what has no row is older than anything. */
export const noRows = '0001-01-01T00:00:00Z';

/**
 * Of some sources those that are asked, each with the loader that fills it: those that say after how long their rows are too
 * old, and those of loaders that have landed something.
 */
export async function askedSources(
  on: Queryable,
  nodes: readonly SourceNode[],
  sources: readonly Source[],
): Promise<readonly { readonly node: SourceNode; readonly loader: SourceName | undefined }[]> {
  const known = nodes.map((node) => ({
    node,
    loader: sources.find(({ staging }) => staging === `${node.relation.schema}.${node.relation.name}`)?.name,
    isJudged: node.freshness?.warn_after != null || node.freshness?.error_after != null,
  }));
  const needsLoads = known.some(({ loader, isJudged }) => loader !== undefined && !isJudged);
  const loaded = needsLoads ? await loadedSources(on) : new Set<string>();
  return known.filter(({ loader, isJudged }) => isJudged || (loader !== undefined && loaded.has(loader)));
}

async function loadedSources(on: Queryable): Promise<ReadonlySet<string>> {
  if (!(await exists(on, 'staging.load'))) return new Set();
  const { rows } = await on.query<{ source: string }>(
    'select distinct source from staging.load where finished_at is not null',
  );
  return new Set(rows.map(({ source }) => source));
}

/**
 * Asks one source by one query, which can change nothing. A query that fails is the source's `runtime error`.
 * @throws ConnectionError
 */
export async function ageOfSource(
  warehouse: Warehouse,
  node: SourceNode,
  loader: SourceName | undefined,
): Promise<SourceAge> {
  const newest = newestSql(node, loader);
  if (newest === undefined)
    return failed(node, 'it has neither loaded_at_field nor loaded_at_query, which say when its rows came in');
  const iso = (time: string) => `to_char(${time}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const sql = `select ${iso('newest')} as newest, ${iso('asked')} as asked, extract(epoch from asked - newest)::float8 as age
from (
    select ((
        ${newest}
    ))::timestamptz as newest, clock_timestamp() as asked
) as found`;
  const began = performance.now();
  try {
    const { rows } = await warehouse.transaction(async (session) => {
      await session.query('set transaction read only');
      return session.query<{ newest: string | null; asked: string; age: number | null }>(sql);
    });
    const [row] = rows;
    if (row === undefined) return failed(node, 'its query yields nothing');
    const time = row.newest ?? noRows;
    const ageSeconds = row.age === null ? (Date.parse(row.asked) - Date.parse(time)) / 1000 : row.age;
    const seconds = (performance.now() - began) / 1000;
    return { node, status: judgeAge(node, ageSeconds), newest: time, asked: row.asked, ageSeconds, seconds };
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    return failed(node, error.message);
  }
}

function failed(node: SourceNode, message: string): SourceAge {
  return { node, status: 'runtime error', message };
}

/** A query for one time; undefined where nothing says when rows came in. A query of the user's is not filtered, as in dbt. */
function newestSql(
  { relation: table, loadedAtField, loadedAtQuery, freshness }: SourceNode,
  loader: SourceName | undefined,
): string | undefined {
  if (loadedAtQuery !== undefined) return loadedAtQuery.trim().replace(/;$/, '');
  if (loadedAtField !== undefined) {
    const filter = freshness?.filter == null ? '' : `\nwhere ${freshness.filter}`;
    return `select max(${loadedAtField}) from ${relation(table)}${filter}`;
  }
  if (loader === undefined) return undefined;
  return `select max(finished_at) from staging.load where source = ${literal(loader)}`;
}

const secondsIn: Readonly<Record<Age['period'], number>> = { minute: 60, hour: 3600, day: 86_400 };

/** By the thresholds of a source; `pass` where it has none. Pure. */
export function judgeAge({ freshness }: Pick<SourceNode, 'freshness'>, ageSeconds: number): 'pass' | 'warn' | 'error' {
  const isOver = (age: Age | null | undefined) => age != null && ageSeconds > age.count * secondsIn[age.period];
  if (isOver(freshness?.error_after)) return 'error';
  return isOver(freshness?.warn_after) ? 'warn' : 'pass';
}
