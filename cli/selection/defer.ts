import { freshlyCompiled } from '../../runner/cache/cache.ts';
import type { Compiled, FreshlyCompiled } from '../../runner/compile/compile.ts';
import { type BuiltNode, isBuilt } from '../../runner/manifest/manifest.ts';
import { readState } from '../../runner/selection/previous-state.ts';
import { typeOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { SelectionFlags } from './chosen-nodes.ts';

/**
 * The project compiled so that models and seeds that are not chosen are read where the manifest of --defer-state, or else --state, says
 * that they are: those that are not there, or with --favor-state all.
 * @param database asked which are there, only where that matters.
 * @throws UsageError without a manifest; ProjectError as compiling does.
 */
export async function deferred<T extends Compiled>(
  compiled: T,
  chosen: ReadonlySet<string>,
  { state, deferState = state, favorState }: SelectionFlags,
  database: () => Promise<Queryable>,
): Promise<T | FreshlyCompiled> {
  const manifest = deferState === undefined ? undefined : readState(deferState).manifest;
  if (manifest === undefined)
    throw new UsageError({
      what: '--defer needs the manifest.json of another run',
      hint: 'Name its folder by --defer-state or --state: a copy of target/ of the target that has the tables.',
    });
  const built = [...compiled.manifest.nodes.values()]
    .filter(isBuilt)
    .filter((node) => !chosen.has(node.id) && node.materialized !== 'ephemeral');
  const project = compiled.project.settings.name;
  const elsewhere = new Map<string, RelationName>();
  const missing = favorState === true ? undefined : await missingOf(built, await database());
  for (const node of built) {
    const there = manifest.nodes[uniqueId({ id: node.id, type: typeOf(node), project })];
    if (there?.schema === undefined || there.alias === undefined || there.config?.materialized === 'ephemeral')
      continue;
    if (missing === undefined || missing.has(node.id))
      elsewhere.set(node.id, { schema: there.schema, name: there.alias });
  }
  if (elsewhere.size === 0) return compiled;
  return freshlyCompiled(compiled.project, undefined, { deferred: elsewhere, rowLimit: compiled.rowLimit });
}

/** The ids of nodes whose relations are not in the database. */
async function missingOf(nodes: readonly BuiltNode[], database: Queryable): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ id: string }>(
    `select id from unnest($1::text[], $2::text[]) as node (id, name) where to_regclass(name) is null`,
    [nodes.map(({ id }) => id), nodes.map((node) => relation(node.relation))],
  );
  return new Set(rows.map(({ id }) => id));
}
