// What a run would do, without doing it: the command `plan`.
//
//   1. preview.ts   walks the nodes of a run in their order, in one transaction that is read only; takes no lock
//   2. bookkeeping.ts whether it may read what has been built
//   3. effects.ts   what the nodes before a node will have done by its turn: for certain, likely, or at most
//   4. decisions.ts asks what decides in a build, once for each of these extents
//   5. seed-rows.ts compares the files of seeds with their tables; recreated-views.ts finds views and keys that block a change
//   6. estimate.ts  how long the same took in earlier runs
//
// No rule of a build is here: each state is read by build/transaction/node-state.ts and decided upon by plan/decide.ts, and tests
// are reused as runner/reuse says. Where the extents lead to different decisions, the likely one is shown, with the others beside it.
// Hooks are not run, so what they would change is not foreseen.
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { Compiled } from '../compile/compile.ts';
import { behind, isView } from '../manifest/lineage.ts';
import { type BuiltNode, isBuilt, isWork, type Manifest, type Node, type UnitTestNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { sourceTexts } from '../project/project.ts';
import { Reuse } from '../reuse/reuse.ts';
import type { Action } from '../run/run-result.ts';
import { type WorkOptions, workOrder } from '../run/work-order.ts';
import { bookkeepingOf, sharedBookkeeping } from '../state/own-bookkeeping.ts';
import { isRecordedIn } from './bookkeeping.ts';
import { decisionsOn, type Foretold } from './decisions.ts';
import { Effects } from './effects.ts';
import { History } from './estimate.ts';

/** What would become of one node. */
export interface Planned extends Foretold {
  readonly node: Node;
  /** Median of the last runs that did the same with it; undefined if none did. */
  readonly seconds: number | undefined;
}

/**
 * Says what a run would do with each node, in the order of the run.
 * @throws DatacycleError if the bookkeeping may not be read or is of an older version; ConnectionError, StatementError.
 */
export async function previewRun(
  compiled: Compiled,
  warehouse: Warehouse,
  options: WorkOptions,
): Promise<readonly Planned[]> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    const isRecorded = await isRecordedIn(session, [bookkeepingOf(warehouse).schema, sharedBookkeeping]);
    return new Walk(compiled, session, options).walk(isRecorded);
  }, 'repeatable read');
}

/** What cannot be built or tested since something that it reads is not there, and is not built before it, by id. */
async function missingUpstreams(
  session: Session,
  { nodes }: Manifest,
  order: readonly string[],
): Promise<ReadonlyMap<string, Foretold>> {
  const inside = new Set(order);
  const pairs = order.flatMap((id) => {
    const node = nodes.get(id);
    const reads = isBuilt(node) ? node.reads : node?.kind === 'test' ? node.dependsOn : [];
    return reads.flatMap((one) => {
      const upstream = nodes.get(one);
      const isOutside = isBuilt(upstream) && upstream.materialized !== 'ephemeral' && !inside.has(one);
      return isOutside && node !== undefined ? [{ node, upstream }] : [];
    });
  });
  if (pairs.length === 0) return new Map();
  const { rows } = await session.query<{ at: string }>(
    `select at from unnest($1::int[], $2::text[], $3::text[]) as asked (at, schema, name)
     where not exists (
         select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
         where n.nspname = asked.schema and c.relname = asked.name
     )`,
    [
      pairs.map((_, at) => at),
      pairs.map(({ upstream }) => upstream.relation.schema),
      pairs.map(({ upstream }) => upstream.relation.name),
    ],
  );
  return new Map(
    rows.flatMap(({ at }) => {
      const pair = pairs[Number(at)];
      if (pair === undefined) return [];
      const { node, upstream } = pair;
      const reason = `${upstream.relation.schema}.${upstream.relation.name} is not there, and is not selected`;
      const hint = `Build it first, or with it: datacycle build --select +${node.name}`;
      return [[node.id, { action: 'error', reason, hint, certain: true } as const] as const];
    }),
  );
}

class Walk {
  readonly #compiled: Compiled;
  readonly #session: Session;
  readonly #options: WorkOptions;
  readonly #effects: Effects;
  /** Of nodes that cannot be built, and of what waits for them: the name of the one that is the cause. */
  readonly #broken = new Map<string, string>();

  constructor(compiled: Compiled, session: Session, options: WorkOptions) {
    this.#compiled = compiled;
    this.#session = session;
    this.#options = options;
    this.#effects = new Effects(compiled);
  }

  async walk(isRecorded: boolean): Promise<readonly Planned[]> {
    const { manifest, project, graph } = this.#compiled;
    const { reuse: leavesOut } = this.#options;
    const order = workOrder(manifest, this.#options);
    const session = this.#session;
    // Some questions may fail, and the transaction has to go on.
    const asking = {
      query: ((sql, params, values) =>
        inSavepoint(session, () => session.query(sql, params, values))) as Session['query'],
      transaction: <T>(work: (inner: Session) => Promise<T>) => inSavepoint(session, () => work(session)),
    };
    const reuse =
      isRecorded && leavesOut
        ? await Reuse.begin(asking, manifest, order, {
            root: project.root,
            sourceText: sourceTexts(project),
            leavesOut,
            storing: false,
            settings: project.target.settings,
          })
        : undefined;
    if (reuse !== undefined) await reuse.refresh();
    const history = await History.read(session, isRecorded);
    const missing = await missingUpstreams(session, manifest, order);
    const kept = graph.restrictedTo(new Set(order));
    const planned: Planned[] = [];
    for (const id of order) {
      const node = manifest.nodes.get(id);
      if (!isWork(node)) continue;
      const because = [...kept.upstreams(id)].flatMap((one) => this.#broken.get(one) ?? [])[0];
      const foretold: Foretold =
        because === undefined
          ? (missing.get(id) ?? (await this.#foretell(node, reuse, isRecorded)))
          : { action: 'error', reason: `${because} fails`, certain: true };
      if (foretold.action === 'error') this.#broken.set(id, because ?? node.name);
      planned.push({ node, ...foretold, seconds: history.secondsOf(node, foretold) });
    }
    return planned;
  }

  async #foretell(
    node: BuiltNode | TestNode | UnitTestNode,
    reuse: Reuse | undefined,
    isRecorded: boolean,
  ): Promise<Foretold> {
    if (node.kind === 'unit_test') return ofUnitTest(node, reuse);
    if (node.kind === 'test') return this.#ofTest(node, reuse);
    const { manifest, project } = this.#compiled;
    const now = this.#options.clock().toISOString();
    return decisionsOn(
      this.#session,
      { manifest, root: project.root, reuse, isRecorded, effects: this.#effects },
      node,
      {
        fullRefresh: this.#options.fullRefresh,
        runStartedAt: now,
        range: this.#options.range,
      },
    );
  }

  async #ofTest(test: TestNode, reuse: Reuse | undefined): Promise<Foretold> {
    const { manifest } = this.#compiled;
    if (reuse === undefined) return { action: 'test', reason: '', certain: true };
    const passedAt = reuse.passedAt(test, await reuse.rowsOf(test));
    const changes = behind(manifest.nodes, test.dependsOn, isView).flatMap(({ id, name }) => {
      const change = this.#effects.changes(id);
      return change === undefined ? [] : [{ change, name }];
    });
    const certain = changes.find(({ change }) => change === 'certain');
    if (passedAt === undefined)
      return {
        action: 'test',
        reason: changes.length > 0 ? reasonOf(changes) : 'has not passed on these rows',
        certain: true,
      };
    const reused = { action: 'reuse', reason: `passed on the same rows at ${passedAt}` } as const;
    if (changes.length === 0 && !this.#effects.reviews(test.dependsOn)) return { ...reused, certain: true };
    const tested = { action: 'test', reason: reasonOf(changes) } as const;
    if (certain !== undefined) return { ...tested, certain: true };
    return { ...tested, certain: false, otherwise: [reused] };
  }
}

function reasonOf(changes: readonly { readonly change: 'certain' | 'maybe'; readonly name: string }[]): string {
  const [first] = changes;
  return first === undefined
    ? 'a view that it reads changes'
    : `${first.name} ${first.change === 'certain' ? 'changes' : 'may change'}`;
}

function ofUnitTest(test: UnitTestNode, reuse: Reuse | undefined): Foretold {
  const action: Action = reuse?.unitTestPassedAt(test) === undefined ? 'test' : 'reuse';
  return { action, reason: action === 'test' ? 'has not passed as it is now' : 'unchanged', certain: true };
}
