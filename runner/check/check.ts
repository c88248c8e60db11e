// Runs all SQL of a project on empty tables in an embedded database, to find errors before a real build does.
//
//   1. declared.ts    each source becomes a table of the columns that it declares
//   2. trial.ts       each model is built in its full and its incremental form, by the steps that a build would run
//      batch-trial.ts one batch of a microbatch model; hook-trial.ts its hooks, whose rows are rolled back
//   3. data tests and freshness queries run
//   4. findings.ts    collects the faults, one for each place; report.ts formats them
//
// A model that fails is replaced by an empty table of its columns, so that what depends on it is checked as well.
import { identifier } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { ensureGuard } from '../build/transaction/access.ts';
import type { Compiled } from '../compile/compile.ts';
import { RelationCache, runTest } from '../data-test/run-test.ts';
import { explain, statement } from '../database/statement.ts';
import { type BuiltNode, hasRelation, isWork, type Manifest, type ModelNode, type Node } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { newestSql } from '../plan/freshness.ts';
import { sourceTexts } from '../project/project.ts';
import { ensureState } from '../state/schema.ts';
import { Cancelled, NodeError } from '../text/errors.ts';
import { formatPlace } from '../text/place.ts';
import { createStandIn, provideSource, wrongTypes } from './declared.ts';
import { type Finding, Findings } from './findings.ts';
import { HookTrial } from './hook-trial.ts';
import { columnsOf, type Trial, tryAgain, tryFull } from './trial.ts';

export interface CheckOptions {
  /** Ids to check; their upstreams are built as well. */
  readonly selected: ReadonlySet<string>;
  readonly clock: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onNode?: ((node: Node, index: number, total: number) => void) | undefined;
}

/** A node that could not be checked, and the failed upstream that is the reason. */
export interface Unchecked {
  readonly node: string;
  readonly because: string;
}

export interface CheckSummary {
  readonly findings: readonly Finding[];
  readonly unchecked: readonly Unchecked[];
  /** How many were checked. */
  readonly models: number;
  readonly seeds: number;
  readonly tests: number;
  /** How many measures were not computed, since a view that they name is not there: it was not selected, or failed. */
  readonly measuresLeft?: number | undefined;
  readonly seconds: number;
  readonly ok: boolean;
}

/**
 * Builds every selected model in its full and its incremental form, and runs every test, on tables without rows. Sources get the
 * columns that they declare; seeds are loaded from their files. A model that fails is replaced by an empty table of the columns that
 * it yields or declares, so that its downstream models are checked as well; if it has none, they are left out.
 * @param warehouse an embedded database for this check only, with the tables of the loaders but without rows.
 * @throws Cancelled when interrupted.
 */
export async function checkProject(
  compiled: Compiled,
  warehouse: Warehouse,
  options: CheckOptions,
): Promise<CheckSummary> {
  const { manifest, project, runHooks } = compiled;
  const started = options.clock();
  const order = neededBy(compiled, options.selected);
  const sourceText = sourceTexts(project);
  const findings = new Findings(sourceText);
  const hooks = new HookTrial(warehouse, findings, { runStartedAt: started.toISOString(), sourceText });
  /** Nodes without a relation, and the failed node that is the reason. */
  const absent = new Map<string, string>();
  const { root } = project;
  const trial: Trial = { manifest, root, sourceText, standIns: new Set(), absent, startedAt: started };
  const relations = new RelationCache(warehouse);
  const counts = { model: 0, seed: 0, test: 0, source: 0 };

  await ensureState(warehouse);
  await ensureGuard(warehouse, order);
  for (const schema of schemasOf(order)) await warehouse.query(`create schema if not exists ${identifier(schema)}`);
  await hooks.ofRun(runHooks.start);
  for (const [index, node] of order.entries()) {
    // The embedded database works in this process: nothing else would give an interrupt its turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal?.aborted === true) throw new Cancelled({ what: 'the check was stopped' });
    options.onNode?.(node, index + 1, order.length);
    const missing = node.dependsOn.find((id) => absent.has(id) && !isForeignKeyOnly(node, id));
    if (missing !== undefined) {
      absent.set(node.id, absent.get(missing) ?? '');
      continue;
    }
    if ((isWork(node) && node.kind !== 'unit_test') || node.kind === 'source') counts[node.kind] += 1;
    if (!(await examine(node))) absent.set(node.id, node.name);
  }
  for (const node of order) if (node.kind === 'model' && !absent.has(node.id)) await examineFreshness(node);
  await hooks.ofRun(runHooks.end);
  await hooks.finish();

  const unchecked = order.flatMap(({ id, name }) => {
    const because = absent.get(id);
    return because === undefined || because === name ? [] : [{ node: name, because }];
  });
  return {
    findings: findings.list(),
    unchecked,
    models: counts.model,
    seeds: counts.seed,
    tests: counts.test,
    seconds: (options.clock().getTime() - started.getTime()) / 1000,
    ok: findings.list().every(({ severity }) => severity === 'warning'),
  };

  /** True if the downstream nodes can be checked. */
  async function examine(node: Node): Promise<boolean> {
    switch (node.kind) {
      case 'source':
        return accept(node.name, await provideSource(warehouse, node));
      case 'seed':
        return accept(node.name, await wrongTypes(warehouse, node)) && (await build(node));
      case 'model':
        return build(node);
      // It runs on rows of its own, not on these tables.
      case 'unit_test':
        return true;
      case 'test':
        await examineTest(node);
        return true;
      case 'exposure':
      case 'analysis':
        return true;
      default:
        return node satisfies never;
    }
  }

  async function build(node: BuiltNode): Promise<boolean> {
    const hasHooks = (node.hooksRead ?? []).every((id) => !absent.has(id));
    if (hasHooks) await hooks.ofNode(node, 'pre', 'full');
    const fault = await tryFull(warehouse, trial, node);
    let isThere = fault === undefined;
    if (fault !== undefined) {
      findings.add('error', node.name, fault);
      // The models that read an ephemeral model contain it, and fail at the same place.
      isThere = isEphemeral(node) || (await createStandIn(warehouse, node, await columnsOf(warehouse, trial, node)));
      trial.standIns.add(node.id);
    }
    if (isThere && node.kind === 'model' && options.selected.has(node.id)) {
      const other = await tryAgain(warehouse, trial, node);
      if (other !== undefined) findings.add('error', node.name, other);
    }
    // An empty stand-in for a model lacks objects that its hooks may name.
    if (hasHooks && fault === undefined) {
      await hooks.ofNode(node, 'post', 'full');
      for (const when of ['pre', 'post'] as const) await hooks.ofNode(node, when, 'incremental');
    }
    return isThere;
  }

  async function examineTest(node: TestNode): Promise<void> {
    try {
      // That a constraint proves it says nothing of its SQL.
      const { failures } = await runTest(warehouse, { ...node, provenBy: undefined }, relations, sourceText);
      if (failures === 0) return;
      const real = !isMadeOfSources(compiled, node);
      const rows = `${failures} bad ${failures === 1 ? 'row' : 'rows'}`;
      const error = new NodeError({
        what: real ? `${node.name}: ${rows}` : `${node.name} finds ${rows} where no source has any`,
        where: formatPlace(node.place),
        hint: real ? undefined : 'It will fail in a new installation until the first data are there.',
      });
      findings.add(real ? (node.severity === 'warn' ? 'warning' : 'error') : 'warning', node.name, error);
    } catch (error) {
      accept(node.name, [error]);
    }
  }

  async function examineFreshness(node: ModelNode): Promise<void> {
    const newest = project.settings.freshness?.[node.name]?.newest;
    if (newest === undefined || !options.selected.has(node.id)) return;
    try {
      await statement(warehouse, newestSql(project, node, newest));
    } catch (error) {
      accept(node.name, [explain(error, { name: `freshness of ${node.name}`, file: 'project.yml', sourceText })]);
    }
  }

  /** Records faults of a node; anything else than a fault of the project ends the check. */
  function accept(name: string, faults: readonly unknown[]): boolean {
    for (const fault of faults) {
      if (!(fault instanceof NodeError)) throw fault;
      findings.add('error', name, fault);
    }
    return faults.length === 0;
  }
}

/** The selected nodes and their upstreams, in build order; if all are selected, also sources that no node reads. */
function neededBy({ manifest, graph }: Compiled, selected: ReadonlySet<string>): Node[] {
  const needed = new Set(selected);
  for (const id of selected) for (const upstream of graph.ancestors(id)) needed.add(upstream);
  const nodes = [...manifest.nodes.values()];
  const all = nodes.every((node) => !isWork(node) || selected.has(node.id));
  return manifest.order.flatMap((id) => {
    const node = manifest.nodes.get(id);
    return node !== undefined && (needed.has(id) || (all && node.kind === 'source')) ? [node] : [];
  });
}

function schemasOf(nodes: readonly Node[]): ReadonlySet<string> {
  return new Set(nodes.flatMap((node) => (hasRelation(node) ? [node.relation.schema] : [])));
}

function isEphemeral(node: Node): boolean {
  return node.materialized === 'ephemeral';
}

/** A missing target of a foreign key costs the key, not the model. */
function isForeignKeyOnly(node: Node, upstream: string): boolean {
  return node.kind === 'model' && !node.reads.includes(upstream);
}

function isMadeOfSources(
  { manifest, graph }: { manifest: Manifest; graph: Compiled['graph'] },
  test: TestNode,
): boolean {
  return [...graph.ancestors(test.id)].some((id) => manifest.nodes.get(id)?.kind === 'source');
}
