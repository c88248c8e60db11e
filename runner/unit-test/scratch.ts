import { openWarehouse } from '../../warehouse/open.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { buildNode } from '../build/build-node.ts';
import type { BuildContext } from '../build/transaction/build-context.ts';
import { type Column, readRelation } from '../database/catalog.ts';
import { LockWaits } from '../database/locks/lock-waits.ts';
import { SharedLock } from '../database/locks/shared-lock.ts';
import { normalType } from '../manifest/column-type.ts';
import {
  type BuiltNode,
  type ColumnSpec,
  isBuilt,
  isMicrobatch,
  type SourceNode,
  type UnitTestNode,
} from '../manifest/manifest.ts';
import { unitTestSchema } from '../manifest/unit-test-node.ts';
import { beginRun } from '../state/runs.ts';
import { ensureState } from '../state/schema.ts';
import { NodeError } from '../text/errors.ts';
import { formatPlace } from '../text/place.ts';
import type { UnitTestOptions } from './options.ts';

/** The id of the one run that all builds of this database belong to. */
const runId = 'unit tests';

export type Shape = readonly Pick<Column, 'name' | 'type'>[];

/** An embedded database in memory, in which unit tests run and the columns of what they read are found out. */
export class Scratch {
  readonly warehouse: Warehouse;
  readonly #options: UnitTestOptions;
  readonly #shapes = new Map<string, Promise<Shape>>();
  readonly #present = new Set<string>();
  /** The rows of the files of seeds, as JSON. */
  readonly #files = new Map<string, string>();

  private constructor(warehouse: Warehouse, options: UnitTestOptions) {
    this.warehouse = warehouse;
    this.#options = options;
  }

  static async open(options: UnitTestOptions): Promise<Scratch> {
    const warehouse = await openWarehouse({
      url: undefined,
      folder: 'memory://',
      purpose: 'unit tests',
      concurrency: 1,
      settings: options.settings,
    });
    await ensureState(warehouse);
    await beginRun(warehouse, { runId, command: 'test', target: 'unit tests', startedAt: new Date(0).toISOString() });
    return new Scratch(warehouse, options);
  }

  close(): Promise<void> {
    return this.warehouse.close();
  }

  /** What building in this database needs. */
  context(now: Date): Omit<BuildContext, 'options'> {
    const { manifest, root, sourceText } = this.#options;
    const signal = undefined;
    return {
      manifest,
      root,
      sourceText,
      warehouse: this.warehouse,
      runId,
      clock: () => now,
      lock: new SharedLock(signal),
      locks: new LockWaits(this.warehouse, { limitMs: undefined, signal, onWait: () => undefined }),
    };
  }

  /** The columns of nodes, by their ids. @throws NodeError if they cannot be found out. */
  async shapesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Shape>> {
    const found = new Map<string, Shape>();
    for (const id of ids) found.set(id, await this.#shapeOf(id));
    return found;
  }

  /** The rows of the files of seeds that a unit test names, as JSON, by their ids. */
  async filesOf(test: UnitTestNode): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const { of, rows } of test.runs.flatMap(({ given }) => given)) {
      const seed = this.#options.manifest.nodes.get(of);
      if (rows.kind !== 'file' || seed?.kind !== 'seed') continue;
      await this.#shapeOf(of);
      found.set(of, this.#files.get(of) ?? '[]');
    }
    return found;
  }

  /** Drops what a unit test has built, and its bookkeeping. */
  async clear(model: string): Promise<void> {
    await this.warehouse.query(`drop schema ${identifier(unitTestSchema)} cascade`);
    await this.#deleteState(model);
  }

  async #deleteState(model: string): Promise<void> {
    for (const table of ['model', 'high_water', 'surrogate_key', 'batch'])
      await this.warehouse.query(`delete from datacycle.${table} where model = $1`, [model]);
  }

  #shapeOf(id: string): Promise<Shape> {
    const known = this.#shapes.get(id) ?? this.#findShape(id);
    this.#shapes.set(id, known);
    return known;
  }

  async #findShape(id: string): Promise<Shape> {
    const node = this.#options.manifest.nodes.get(id);
    if (node?.kind === 'source') return this.#shapeOfSource(node);
    if (!isBuilt(node)) return [];
    const declared = node.kind === 'model' && node.config.contract?.enforced === true ? typed(node.columns) : undefined;
    return declared ?? this.#shapeOfBuilt(node);
  }

  /** As it is declared; otherwise as the target has it. */
  async #shapeOfSource(node: SourceNode): Promise<Shape> {
    const declared = typed(node.columns);
    if (declared !== undefined && declared.length > 0) return declared;
    const there = await readRelation(this.#options.target, node.relation);
    if (there !== undefined) return there.columns;
    throw new NodeError({
      what: `${node.name}: no columns are declared, and it is not in the database, so that no unit test can read it`,
      where: formatPlace(node.place),
      hint: 'List them: columns: [{ name: load_id, data_type: bigint }, ...].',
    });
  }

  /** Builds it on what it reads, without rows, and takes it away again. A seed leaves an empty table; its rows are kept aside. */
  async #shapeOfBuilt(node: BuiltNode): Promise<Shape> {
    for (const id of node.reads) await this.#provide(id);
    const { grants: _grants, persist_docs: _docs, contract: _contract, ...config } = node.config;
    const materialized = node.materialized === 'ephemeral' ? 'view' : node.materialized;
    const bare = {
      ...node,
      materialized,
      config,
      hooks: [],
      constraints: [],
      rowSecurity: undefined,
    } as unknown as BuiltNode;
    // Where there are batches, one is enough to tell the columns.
    const built = isMicrobatch(bare) ? { ...bare, batch: { ...bare.batch, begin: '1970-01-01' } } : bare;
    await this.warehouse.query(`create schema if not exists ${identifier(node.relation.schema)}`);
    const now = new Date('1970-01-02T00:00:00Z');
    const options = { fullRefresh: false, runStartedAt: now.toISOString() };
    const { failed } = await buildNode({ ...this.context(now), options }, built);
    if (failed !== undefined) throw failed;
    const created = await readRelation(this.warehouse, node.relation);
    await this.#deleteState(node.name);
    const columns = created?.columns ?? [];
    if (node.kind === 'seed') {
      const { rows } = await this.warehouse.query<{ rows: string }>(
        `select coalesce(json_agg(t.*), '[]')::text as rows from ${relation(node.relation)} as t`,
      );
      this.#files.set(node.id, rows[0]?.rows ?? '[]');
      await this.warehouse.query(`delete from ${relation(node.relation)}`);
      this.#present.add(node.id);
    } else await this.warehouse.query(`drop ${created?.kind ?? 'table'} ${relation(node.relation)}`);
    return columns;
  }

  /** Makes an empty table in the place of a node, for what reads it. */
  async #provide(id: string): Promise<void> {
    const node = this.#options.manifest.nodes.get(id);
    if (node === undefined || this.#present.has(id) || !('relation' in node)) return;
    const shape = await this.#shapeOf(id);
    if (this.#present.has(id)) return;
    this.#present.add(id);
    await this.warehouse.query(`create schema if not exists ${identifier(node.relation.schema)}`);
    await this.warehouse.query(createTable(relation(node.relation), shape));
  }
}

/** The statement that makes an empty table. */
export function createTable(name: string, shape: Shape): string {
  return `create table ${name} (${shape.map((column) => `${identifier(column.name)} ${column.type}`).join(', ')})`;
}

/** Declared columns with their types; undefined if one has none. */
function typed(columns: readonly ColumnSpec[]): Shape | undefined {
  const found = columns.flatMap(({ name, dataType }) =>
    dataType === undefined ? [] : [{ name, type: normalType(dataType) }],
  );
  return found.length === columns.length ? found : undefined;
}
