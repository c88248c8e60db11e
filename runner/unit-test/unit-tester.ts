// Unit tests: a model's SQL on rows that are written down beside what they have to become.
//
//   1. scratch.ts      the columns of what the model reads: as declared, or as an empty build in memory yields them
//   2. inputs.ts       tables of these columns in a schema of their own, and the given rows
//   3. unit-tester.ts  runs the query once, or builds the model run after run as a real run would
//   4. compare.ts      the rows that are missing and those that nobody expected; difference-lines.ts lays them out
//
// All happens in an embedded database in memory, or in a transaction on the target that is rolled back: nothing is left of it.
import { identifier, relation } from '../../warehouse/quote.ts';
import { rolledBack } from '../../warehouse/rolled-back.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { buildNode } from '../build/build-node.ts';
import type { BuildContext } from '../build/transaction/build-context.ts';
import { nothingKnown } from '../build/transaction/node-state.ts';
import { newestLoad } from '../database/newest-load.ts';
import { explain, statement } from '../database/statement.ts';
import type { Manifest, SourceNode, UnitTestNode } from '../manifest/manifest.ts';
import { indexNodes } from '../manifest/manifest-index.ts';
import { type UnitTestRun, unitTestSchema } from '../manifest/unit-test-node.ts';
import { querySql } from '../plan/plan.ts';
import { NodeError } from '../text/errors.ts';
import { SqlText } from '../text/sql-text.ts';
import { compare, type Difference } from './compare.ts';
import { createInput, insertRows } from './inputs.ts';
import type { UnitTestOptions } from './options.ts';
import { Scratch, type Shape } from './scratch.ts';

/** What a unit test found: nothing, or how the rows differ, after which run. */
export type UnitTestOutcome = Difference & { readonly run: number | undefined };

/** Runs unit tests one after the other. The embedded database is opened when the first needs it. */
export class UnitTester {
  readonly #options: UnitTestOptions;
  #scratch: Promise<Scratch> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: UnitTestOptions) {
    this.#options = options;
  }

  /**
   * @returns how the rows differ from those expected; undefined if they do not.
   * @throws NodeError if the SQL cannot be run, or the rows do not fit the columns.
   */
  async run(test: UnitTestNode): Promise<UnitTestOutcome | undefined> {
    // They share one database and one schema in it.
    const turn = this.#turn.catch(() => undefined).then(() => this.#run(test));
    this.#turn = turn;
    try {
      return await turn;
    } catch (error) {
      throw explain(named(error, test), { name: test.name, file: test.file, sourceText: this.#options.sourceText });
    }
  }

  /** Closes the embedded database, if one was opened. */
  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    if (this.#scratch !== undefined) await (await this.#scratch).close();
  }

  async #run(test: UnitTestNode): Promise<UnitTestOutcome | undefined> {
    this.#scratch ??= Scratch.open(this.#options);
    const scratch = await this.#scratch;
    if (test.compares === 'table') return this.#runs(scratch, test);
    const [run] = test.runs;
    if (run === undefined) return undefined;
    const shapes = await scratch.shapesOf([...test.model.reads, ...(needsTable(test) ? [test.of] : [])]);
    const files = await scratch.filesOf(test);
    const on = this.#options.on === 'target' ? this.#options.target : scratch.warehouse;
    return rolledBack(on, async (session) => {
      for (const [name, value] of Object.entries(this.#options.settings))
        await session.query('select set_config($1, $2, true)', [name, value]);
      await session.query(`create schema ${identifier(unitTestSchema)}`);
      for (const id of test.model.reads) await createInput(session, test, id, shapes.get(id) ?? []);
      if (needsTable(test)) await createInput(session, test, test.of, shapes.get(test.of) ?? []);
      await giveRows(session, test, run, shapes, files);
      return outcome(await this.#query(session, test, run), undefined);
    });
  }

  /** Compares what the query of a model yields. */
  async #query(session: Session, test: UnitTestNode, run: UnitTestRun): Promise<Difference | undefined> {
    const { model, form } = test;
    const options = { fullRefresh: false, runStartedAt: run.now };
    const loadId = form === 'increment' ? await newestLoadOf(session, test) : 0;
    const manifest = manifestOf(test, this.#options.manifest);
    const marks = model.reads.map((id) => [manifest.nodes.get(id)?.name ?? '', { version: '', loadId }] as const);
    const sql = querySql(model, form, { ...nothingKnown, consumed: new Map(marks) }, options, manifest);
    await statement(session, SqlText.join('create temporary table "datacycle_actual" on commit drop as\n', sql));
    return run.expect && compare(session, test, run.expect, 'pg_temp."datacycle_actual"');
  }

  /** Builds a model run after run, and compares its table. */
  async #runs(scratch: Scratch, test: UnitTestNode): Promise<UnitTestOutcome | undefined> {
    const { warehouse } = scratch;
    const shapes = await scratch.shapesOf(test.model.reads);
    const files = await scratch.filesOf(test);
    await warehouse.query(`create schema ${identifier(unitTestSchema)}`);
    try {
      await warehouse.transaction(async (session) => {
        for (const id of test.model.reads) await createInput(session, test, id, shapes.get(id) ?? []);
      });
      for (const [index, run] of test.runs.entries()) {
        await warehouse.transaction((session) => giveRows(session, test, run, shapes, files));
        const { expect, fullRefresh, now } = run;
        const context: BuildContext = {
          ...scratch.context(new Date(now)),
          manifest: manifestOf(test, this.#options.manifest),
          options: { fullRefresh, runStartedAt: now },
        };
        const { failed } = await buildNode(context, test.model);
        if (failed !== undefined) throw failed;
        const difference =
          expect &&
          (await rolledBack(warehouse, (session) => compare(session, test, expect, relation(test.model.relation))));
        if (difference !== undefined) return outcome(difference, test.runs.length > 1 ? index + 1 : undefined);
      }
      return undefined;
    } finally {
      await scratch.clear(test.model.name);
    }
  }
}

/** An error of ours says which test it is of, as one of the database does. */
function named(error: unknown, { name }: UnitTestNode): unknown {
  if (!(error instanceof NodeError) || error.message.startsWith(`${name}: `)) return error;
  const { message, where, place, detail, hint, cause } = error;
  return new NodeError({
    what: `${name}: ${message}`,
    ...(place === undefined ? { where } : { place }),
    detail,
    hint,
    cause,
  });
}

function outcome(difference: Difference | undefined, run: number | undefined): UnitTestOutcome | undefined {
  return difference && { ...difference, run };
}

/** The manifest as a unit test's model sees it: what it reads is there as a source is, and nobody builds it. */
function manifestOf({ model, inputs }: UnitTestNode, { nodes: all, groups }: Manifest): Manifest {
  const sources = model.reads.map((id): SourceNode => {
    const name = all.get(id)?.name ?? id;
    return {
      kind: 'source',
      id,
      name,
      description: '',
      file: model.file,
      tags: [],
      dependsOn: [],
      relation: { schema: unitTestSchema, name: inputs[id] ?? name },
      columns: [],
      eventTime: undefined,
      rowsVersion: undefined,
      place: { file: model.file, line: 1, column: 1 },
      isPersonal: false,
    };
  });
  const nodes = new Map([...sources, model].map((node) => [node.id, node] as const));
  return { nodes, order: [...nodes.keys()], index: indexNodes(nodes), groups };
}

async function giveRows(
  session: Session,
  test: UnitTestNode,
  run: UnitTestRun,
  shapes: ReadonlyMap<string, Shape>,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  for (const given of run.given) await insertRows(session, test, given, shapes, files);
}

/** Whether the query reads the model's own table. */
function needsTable({ form, of, runs }: UnitTestNode): boolean {
  return form === 'increment' || runs.some(({ given }) => given.some((one) => one.of === of));
}

/** What the rows of `this` say has been consumed: their largest load_id. */
async function newestLoadOf(session: Session, { model }: UnitTestNode): Promise<number> {
  const { rows } = await session.query(
    `select 1 from pg_attribute where attrelid = $1::regclass and attname = 'load_id' and not attisdropped`,
    [relation(model.relation)],
  );
  return rows.length === 0 ? 0 : ((await newestLoad(session, model.relation)) ?? 0);
}
