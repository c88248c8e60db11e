import { isBuilt, isWork, type Node } from '../../runner/manifest/manifest.ts';
import { hasRunNumbers } from '../../runner/state/schema.ts';
import type { NodeHistory, NodeState, NodeStates } from '../../ui/data/state.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { sources } from '../sources/sources.ts';
import { readFreshness } from '../status/freshness.ts';
import { exists, readSources } from '../status/source-state.ts';
import { countOf } from '../status/tables.ts';
import type { Site } from './site.ts';

const iso = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The last result of each node that the project still has, its age, and how fresh it is. */
export async function statesOf(site: Site): Promise<NodeStates> {
  const compiled = await site.compiled();
  const on = await site.warehouse();
  if (!(await hasRuns(on))) return { states: {}, ages: {}, freshness: {} };
  const ids = new Map([...compiled.manifest.nodes.values()].filter(isWork).map((node) => [node.name, node.id]));
  const { rows } = await on.query<NodeState & { readonly node: string } & Record<string, unknown>>(
    `select distinct on (result.node) result.node, result.status, ${iso('result.finished_at')} as at,
         extract(epoch from result.finished_at - result.started_at)::float8 as seconds, coalesce(result.message, '') as message
     from datacycle.run_result as result
     join datacycle.run using (run_id)
     where result.node = any($1::text[])
     order by result.node, run.run_no desc`,
    [[...ids.keys()]],
  );
  const built = await on.query<{ model: string; age: number }>(
    'select model, extract(epoch from now() - built_at)::float8 as age from datacycle.model',
  );
  const found = await readFreshness(on, {
    compiled,
    sources: Object.values(sources),
    states: await readSources(on),
    now: new Date(),
  });
  const staged = new Map(Object.values(sources).map(({ name, staging }) => [String(name), `source.${staging}`]));
  return {
    states: Object.fromEntries(
      rows.map(({ node, status, at, seconds, message }) => [ids.get(node) ?? node, { status, at, seconds, message }]),
    ),
    ages: Object.fromEntries(
      built.rows.flatMap(({ model, age }) => (ids.has(model) ? [[ids.get(model) ?? model, age]] : [])),
    ),
    freshness: Object.fromEntries(
      found.map(({ name, level }) => [staged.get(name) ?? ids.get(name) ?? `model.${name}`, level]),
    ),
  };
}

/** So many runs are a history. */
const historyLength = 200;

/** The runs of one node, the oldest first, and its size. */
export async function historyOf(site: Site, node: Node): Promise<NodeHistory> {
  const on = await site.warehouse();
  const results = (await hasRuns(on))
    ? (
        await on.query<NodeHistory['results'][number] & Record<string, unknown>>(
          `select result.run_id as "runId", ${iso('result.started_at')} as at, result.status,
               extract(epoch from result.finished_at - result.started_at)::float8 as seconds,
               result.rows_inserted::float8 as inserted, result.rows_updated::float8 as updated,
               result.rows_deleted::float8 as deleted, coalesce(result.message, '') as message
           from datacycle.run_result as result
           join datacycle.run using (run_id)
           where result.node = $1
           order by run.run_no desc
           limit ${historyLength}`,
          [node.name],
        )
      ).rows.toReversed()
    : [];
  return { results, ...(await sizeOf(on, node)) };
}

async function sizeOf(on: Queryable, node: Node): Promise<Pick<NodeHistory, 'bytes' | 'rows' | 'estimated'>> {
  if (!isBuilt(node) || node.materialized === 'ephemeral' || node.materialized === 'view')
    return { bytes: null, rows: null, estimated: false };
  const [found] = await countOf(on, [{ name: node.name, relation: relation(node.relation) }]);
  return { bytes: found?.bytes ?? null, rows: found?.rows ?? null, estimated: found?.estimated ?? false };
}

/** Whether there is a history of runs: before the first one there is none. */
export async function hasRuns(on: Queryable): Promise<boolean> {
  return (await exists(on, 'datacycle.run_result')) && (await hasRunNumbers(on));
}
