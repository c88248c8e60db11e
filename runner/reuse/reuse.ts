// What need not be built or tested again, because nothing that it reads has other rows.
//
//   row-versions.ts  a version of the rows of each node: equal versions mean equal rows, as far as this program changed them
//   steady.ts        whether a query yields the same of the same rows, and reads only what is known to be its upstream
//   upstream-versions.ts  what an upstream is apart from increments: who follows it by high-water mark rebuilds when that changes
//   source-versions.ts  what the sources say of their own rows
//   seed-versions.ts what the rows of a seed are loaded from: its file and its settings
//   new-rows.ts      tests of single rows, on the rows that an increment brings
//   marks.ts         how far an upstream went when a test passed, and whether rows have gone from it since
//   reuse.ts         which data tests have passed on these versions; what passes in this run is recorded at its end
//
// The planner decides by the same versions whether a table or materialized view stays as it is (plan/decide.ts). What is not known
// counts as changed. Rows changed by hand are not seen; `verify` sees them.
import { relation } from '../../warehouse/quote.ts';
import { settingsThatMatter } from '../../warehouse/session-settings.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { storedAs } from '../data-test/bad-rows.ts';
import { viewFacts } from '../database/query-facts.ts';
import { ask } from '../database/question.ts';
import { digest } from '../manifest/digest.ts';
import { type BuiltNode, isBuilt, type Manifest, type Node, type UnitTestNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { type ModelState, modelsNamed } from '../state/models.ts';
import { allTestPasses, deleteTestPasses, type Mark, type TestPass, writeTestPasses } from '../state/test-passes.ts';
import type { SourceTexts } from '../text/errors.ts';
import type { SqlText } from '../text/sql-text.ts';
import { hasLostNothing, marksOf } from './marks.ts';
import { canStay, type KnownRows, RowVersions } from './row-versions.ts';
import { seedVersions } from './seed-versions.ts';
import { sourceVersions } from './source-versions.ts';
import { isSteady, readsOnly } from './steady.ts';

/** Where a run asks what it knows: a warehouse, or one session of it. */
type Database = Queryable & Pick<Warehouse, 'transaction'>;

/** What a run says of itself. */
export interface HowToReuse {
  /** The project's folder, where the files of seeds are. */
  readonly root: string;
  readonly sourceText: SourceTexts;
  /** Whether what has passed before is left out; otherwise passes are only recorded. */
  readonly leavesOut: boolean;
  /** Whether the run is asked to store bad rows. */
  readonly storing: boolean;
  /** The session settings of the target. */
  readonly settings: Readonly<Record<string, string>> | undefined;
}

/** The rows that a test is about to read, so that its pass can be recorded. */
export interface RowsToTest {
  readonly checksum: string;
  /** How far each upstream goes now that need not be read whole again, by id. */
  readonly marks: Readonly<Record<string, Mark>>;
  /** By the ids of what it reads; undefined where they are not known. */
  readonly rows: Readonly<Record<string, string>> | undefined;
}

/**
 * What a run need not do again: the data tests that have passed on the same rows with the same SQL. Used under the run lock, so
 * that no other session changes rows of models meanwhile. A source's version is read when the run begins: rows that come in later
 * are tested, and the next run tests them once more.
 */
export class Reuse implements KnownRows {
  readonly sources: ReadonlyMap<string, string>;
  readonly seeds: ReadonlyMap<string, string>;
  readonly volatile = new Set<string>();
  readonly #warehouse: Database;
  readonly #manifest: Manifest;
  readonly #passes: ReadonlyMap<string, TestPass>;
  readonly #how: HowToReuse;
  readonly #settings: ReturnType<typeof settingsThatMatter>;
  readonly #models = new Map<string, ModelState>();
  readonly #passed = new Map<string, TestPass>();
  readonly #notPassed = new Set<string>();
  /** The tests of this run that look at the new rows of a node, by its id. */
  readonly #ofRows = new Map<string, TestNode[]>();
  /** The bad rows among the new ones of builds of this run, by the id of the test. */
  readonly #found = new Map<string, number>();
  /** Ids of what the nodes of this run read. */
  readonly #read = new Set<string>();
  /** Of those what has been built since it was looked at. */
  readonly #stale = new Set<BuiltNode>();
  #versions: RowVersions;
  #looking: Promise<void> = Promise.resolve();

  private constructor(
    warehouse: Database,
    manifest: Manifest,
    { sources, seeds }: Pick<KnownRows, 'sources' | 'seeds'>,
    passes: ReadonlyMap<string, TestPass>,
    how: HowToReuse,
  ) {
    this.#how = how;
    this.#settings = settingsThatMatter(how.settings);
    this.#warehouse = warehouse;
    this.#manifest = manifest;
    this.sources = sources;
    this.seeds = seeds;
    this.#passes = passes;
    this.#versions = new RowVersions(manifest, this.#models, this);
  }

  /**
   * Reads what was recorded of earlier runs, as far as the nodes of this one need it.
   * @param order ids of the nodes to work on.
   * @throws NodeError if a source's `rows_version` cannot be read.
   */
  static async begin(
    warehouse: Database,
    manifest: Manifest,
    order: readonly string[],
    how: HowToReuse,
  ): Promise<Reuse> {
    const work = order.flatMap((id) => manifest.nodes.get(id) ?? []);
    const tests = work.filter((node) => node.kind === 'test');
    const read = readBy(manifest, work);
    const known = {
      sources: await sourceVersions(warehouse, read, how.sourceText),
      seeds: how.leavesOut ? seedVersions(how.root, work, settingsThatMatter(how.settings)) : new Map(),
    };
    const isTested = work.some(({ kind }) => kind === 'test' || kind === 'unit_test');
    const passes = !isTested ? new Map() : await ask(warehouse, allTestPasses);
    const reuse = new Reuse(warehouse, manifest, known, passes, how);
    for (const node of read) {
      reuse.#read.add(node.id);
      if (isBuilt(node)) reuse.#stale.add(node);
    }
    for (const test of tests) {
      const of = newRowsTested(test);
      if (of !== undefined) reuse.#ofRows.set(of, [...(reuse.#ofRows.get(of) ?? []), test]);
    }
    return reuse;
  }

  /** Forgets what was known of the rows of a node that has been built, or that could not be. */
  built(node: BuiltNode): void {
    if (this.#read.has(node.id)) this.#stale.add(node);
  }

  /** The rows that a test would read now. */
  async rowsOf(test: TestNode): Promise<RowsToTest> {
    await this.refresh();
    const rows = this.#versions.ofAll(test.dependsOn);
    const marks = await marksOf(this.#warehouse, this.#manifest, this.#models, test);
    return { checksum: this.#checksumOf(test), rows, marks };
  }

  /** When a test has passed on these rows; undefined if it has not, or if that is not known. ISO time. */
  passedAt(test: TestNode, { checksum, rows }: Omit<RowsToTest, 'marks'>): string | undefined {
    const pass = this.#passOf(test);
    if (pass?.checksum !== checksum || rows === undefined) return undefined;
    const ids = Object.keys(rows);
    const isSame = ids.length === Object.keys(pass.rows).length && ids.every((id) => rows[id] === pass.rows[id]);
    return isSame ? pass.passedAt : undefined;
  }

  /**
   * The tests that need to look at the new rows of a node only, since all other rows have passed.
   * @param before the version of the node's rows before they were added.
   */
  testsOfNewRows(node: BuiltNode, before: string): readonly TestNode[] {
    return (this.#ofRows.get(node.id) ?? []).filter((test) => {
      // What is found so is counted, not stored.
      if (storedAs(test, this.#how.storing) !== undefined) return false;
      const pass = this.#passOf(test);
      return pass?.rows[node.id] === before && pass.checksum === this.#checksumOf(test);
    });
  }

  /** Notes how many bad rows a test has found among the new rows of a node. */
  foundInNewRows(test: TestNode, failures: number): void {
    this.#found.set(test.id, failures);
  }

  /**
   * The number of bad rows among those that a build of this run brought, where that says all: everything else that the test reads is
   * as it was when it passed last, or has only gained parents.
   */
  failuresOfNewRows(test: TestNode, { checksum, rows, marks }: RowsToTest): number | undefined {
    const of = newRowsTested(test);
    const pass = this.#passOf(test);
    if (of === undefined || rows === undefined || pass?.checksum !== checksum) return undefined;
    const failures = this.#found.get(test.id) ?? (rows[of] === pass.rows[of] ? 0 : undefined);
    const ids = Object.keys(rows);
    if (failures === undefined || ids.length !== Object.keys(pass.rows).length) return undefined;
    // A bad row may have its parent by now, but a good one keeps it.
    const gains = (id: string) => failures === 0 && id === test.parent?.id && hasLostNothing(pass.marks[id], marks[id]);
    return ids.every((id) => id === of || rows[id] === pass.rows[id] || gains(id)) ? failures : undefined;
  }

  /**
   * What a test has to look at to know the outcome for all rows: what has come since it passed last. Undefined if that does not do,
   * since something that it reads was rebuilt or its SQL has changed.
   */
  incrementOf(test: TestNode, { checksum, marks }: RowsToTest): SqlText | undefined {
    const pass = this.#passOf(test);
    if (test.incremental === undefined || pass?.checksum !== checksum) return undefined;
    const isSame = test.dependsOn.every(
      (id) => pass.marks[id]?.version === marks[id]?.version && hasLostNothing(pass.marks[id], marks[id]),
    );
    if (!isSame) return undefined;
    return test.incremental.sql.fill((hole) =>
      hole.kind === 'high_water' ? String(pass.marks[hole.id]?.loadId ?? 0) : undefined,
    );
  }

  #checksumOf(test: TestNode): string {
    const { sql, incremental, severity, verdict } = test;
    const judged = verdict === undefined ? [] : [verdict];
    // A pass that stored nothing has left what was stored before.
    const as = storedAs(test, this.#how.storing);
    const stored = as === undefined ? [] : [as, test.stored?.relation];
    return digest([sql.text, incremental?.sql.text, severity, ...judged, ...stored, ...this.#settings]);
  }

  #passOf({ name }: TestNode): TestPass | undefined {
    return this.#how.leavesOut ? this.#passes.get(name) : undefined;
  }

  /** Notes that a test has passed on all of these rows. @param at ISO time. */
  async pass(test: TestNode, { checksum, rows, marks }: RowsToTest, at: string): Promise<void> {
    const before = this.#passes.get(test.name);
    const isTrusted = rows !== undefined && (before?.checksum === checksum || (await this.#isSteady(test)));
    if (isTrusted) this.#passed.set(test.name, { checksum, passedAt: at, rows, marks });
    else if (before !== undefined) this.#notPassed.add(test.name);
  }

  /** Notes that a test did not pass: it is run again whatever has changed. */
  fail(test: TestNode): void {
    if (this.#passes.has(test.name)) this.#notPassed.add(test.name);
  }

  /** When a unit test has passed as it is now; undefined if it has not. ISO time. */
  unitTestPassedAt({ name, checksum }: UnitTestNode): string | undefined {
    const pass = this.#passes.get(name);
    return pass?.checksum === checksum ? pass.passedAt : undefined;
  }

  /** Notes that a unit test has passed. @param at ISO time. */
  unitTestPassed({ name, checksum }: UnitTestNode, at: string): void {
    this.#passed.set(name, { checksum, passedAt: at, rows: {}, marks: {} });
  }

  /** Records what was noted. */
  async write(): Promise<void> {
    await deleteTestPasses(this.#warehouse, [...this.#notPassed]);
    await writeTestPasses(this.#warehouse, this.#passed);
  }

  /** Whether a test yields the same of the same rows, and reads nothing that is not among its upstreams. */
  async #isSteady(test: TestNode): Promise<boolean> {
    const forms = [test.sql, ...(test.incremental === undefined ? [] : [test.incremental.sql])];
    return this.#warehouse.transaction(async (session) => {
      for (const sql of forms) if (!(await isSteady(session, this.#manifest, test.dependsOn, sql))) return false;
      return true;
    });
  }

  /** Looks at what has been built since the last time, once for all who wait for it. */
  async refresh(): Promise<void> {
    // Whoever waited for a look that failed has its error; the next one looks again.
    this.#looking = this.#looking.catch(() => undefined).then(() => this.#lookAgain());
    await this.#looking;
  }

  async #lookAgain(): Promise<void> {
    if (this.#stale.size === 0) return;
    const nodes = [...this.#stale];
    this.#stale.clear();
    try {
      await this.#look(nodes);
    } catch (error) {
      for (const node of nodes) this.#stale.add(node);
      throw error;
    }
    this.#versions = new RowVersions(this.#manifest, this.#models, this);
  }

  async #look(nodes: readonly BuiltNode[]): Promise<void> {
    for (const [name, state] of await ask(this.#warehouse, modelsNamed(nodes.map(({ name }) => name))))
      this.#models.set(name, state);
    const views = nodes.filter(({ materialized }) => materialized === 'view');
    const facts = await viewFacts(
      this.#warehouse,
      views.map(({ relation: name }) => relation(name)),
    );
    for (const view of views) {
      const known = facts.get(relation(view.relation));
      if (known !== undefined && readsOnly(known, this.#manifest, view.reads)) this.volatile.delete(view.id);
      else this.volatile.add(view.id);
    }
  }
}

/** What the versions of rows are asked of that nodes of a run read: views and what is behind them, each once. */
function readBy(manifest: Manifest, work: readonly Node[]): readonly Node[] {
  const found = new Map<string, Node>();
  const visit = (id: string) => {
    const node = manifest.nodes.get(id);
    if (node === undefined || found.has(id)) return;
    found.set(id, node);
    if (node.materialized === 'view' || node.materialized === 'ephemeral') node.reads.forEach(visit);
  };
  for (const node of work) {
    if (node.kind === 'test') node.dependsOn.forEach(visit);
    else if (isBuilt(node) && canStay(node)) node.reads.forEach(visit);
  }
  return [...found.values()];
}

/** The id of the model or seed whose new rows a test looks at. */
function newRowsTested({ newRows, audit }: TestNode): string | undefined {
  return newRows?.of ?? (audit?.newRows && audit.of);
}
