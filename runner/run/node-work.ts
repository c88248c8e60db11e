import { buildNode, finishNode } from '../build/build-node.ts';
import { isAccessModel, secureReaders, secureTable } from '../build/transaction/access.ts';
import type { BuildContext } from '../build/transaction/build-context.ts';
import { type AuditOutcome, outcomeOf } from '../data-test/audit.ts';
import { auditWarnings, badRows } from '../data-test/audit-failure.ts';
import { limitsOf } from '../data-test/judge.ts';
import { countedOutcome, holds, outcomeSql, RelationCache, runTest, type TestOutcome } from '../data-test/run-test.ts';
import { canShareScan, type OfBadRows, passedInSharedScan } from '../data-test/shared-scan.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import type { RowLimit } from '../manifest/placeholders.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { wordsOf } from '../plan/decision-words.ts';
import type { Reuse, RowsToTest } from '../reuse/reuse.ts';
import { canStay } from '../reuse/row-versions.ts';
import { count } from '../text/figures.ts';
import { refuseToLoseRows } from './limited-rows.ts';
import { failure, type Outcome, passed, stopped } from './run-result.ts';

/** How the tests of a run are made. */
export interface HowToTest {
  /** Whether tests store their bad rows, unless they say otherwise. */
  readonly storeFailures?: boolean | undefined;
  /** Whether a data test that warns has failed. */
  readonly warningsFail?: boolean | undefined;
}

/** The same with what holds for builds. */
export interface HowToWork extends HowToTest {
  /** Which rows models read, where not all. */
  readonly rowLimit: RowLimit | undefined;
  /** Whether the target has a schema of its own. */
  readonly isOwnTarget: boolean;
}

/** What a run does with one node after the other. A failure is an outcome, not an exception. */
export class NodeWork {
  /** Ids of what still has rows that are no longer wanted, since others refer to them. */
  readonly retained = new Set<string>();
  /** What is being built now. */
  readonly #underWay = new Set<BuiltNode>();
  /** Of these, the tables whose access model was built meanwhile: the policies that they are given may be of its old rows. */
  readonly #overtaken = new Set<BuiltNode>();
  readonly #context: BuildContext;
  readonly #relations: RelationCache;
  /** What audits found while their models were built, by the id of the test. */
  readonly #audited = new Map<string, AuditOutcome>();

  readonly #storing: boolean;
  readonly #how: HowToWork;
  readonly #reuse: Reuse | undefined;
  /** The tests of this run that can read their relation together. */
  readonly #sharing: readonly OfBadRows[];
  /** Those that have passed so, by the relation and the version of its rows. */
  readonly #scans = new Map<string, Promise<ReadonlySet<TestNode>>>();

  /**
   * @param tests all of the run.
   * @param reuse what need not be done again, if that may be left out.
   */
  constructor(context: BuildContext, tests: readonly TestNode[], how: HowToWork, reuse?: Reuse) {
    this.#context = context;
    this.#how = how;
    this.#storing = how.storeFailures === true;
    this.#reuse = reuse;
    this.#sharing = this.#storing ? [] : tests.filter(canShareScan);
    this.#relations = new RelationCache(context.warehouse);
  }

  /** Builds a model or seed, its audits and hooks included. @param fullRefresh otherwise than the run says. */
  async build(node: BuiltNode, fullRefresh = this.#context.options.fullRefresh): Promise<Outcome> {
    const context = { ...this.#context, options: { ...this.#context.options, fullRefresh } };
    const { locks, manifest, signal } = context;
    let isLeft = false;
    try {
      const { rowLimit, isOwnTarget } = this.#how;
      if (rowLimit !== undefined) await refuseToLoseRows(context.warehouse, node, rowLimit, isOwnTarget);
      if (canStay(node)) await this.#reuse?.refresh();
      this.#underWay.add(node);
      const built = await buildNode(context, node).finally(() => this.#underWay.delete(node));
      isLeft = built.decision.mode === 'skip' && !built.recorded;
      if (built.retained > 0) this.retained.add(node.id);
      for (const outcome of built.audits) this.#audited.set(outcome.test.id, outcome);
      const changed = built.inserted + built.updated + built.deleted > 0;
      if (changed && node.kind === 'model' && isAccessModel(manifest, node)) {
        // A table that is made at this moment cannot be seen yet by others than its own transaction.
        for (const guarded of manifest.index.guardedBy.get(node.name) ?? [])
          if (this.#underWay.has(guarded)) this.#overtaken.add(guarded);
        await secureReaders(locks, manifest, node);
      }
      if (this.#overtaken.delete(node)) await secureTable(locks, node);
      const { inserted, updated, deleted, batches, failed, recorded } = built;
      if (failed === undefined) await finishNode(context, node, built);
      const warnings = auditWarnings(built.audits);
      const warned = warnings.length > 0 ? { warned: true } : {};
      if (failed !== undefined)
        return { ...failure(failed), action: built.decision.mode, inserted, updated, deleted, batches };
      const how = wordsOf(built.decision);
      const inBatches = batches === undefined ? '' : count(batches, 'batch', 'batches');
      const done = [how, inBatches].filter(Boolean).join(', ');
      const message = [done, ...warnings].filter(Boolean).join('; ');
      const counts = { inserted, updated, deleted, failures: 0, batches };
      const left = isLeft ? { left: true } : {};
      const { mode: action, reason } = built.decision;
      return { status: 'success', action, reason, message, ...counts, recorded, error: undefined, ...warned, ...left };
    } catch (error) {
      return signal?.aborted === true ? stopped(signal) : failure(error);
    } finally {
      this.#invalidateChangedBy(node);
      if (!isLeft) this.#reuse?.built(node);
    }
  }

  /**
   * Forgets what a build may have changed, also one that failed: batches and hooks outside its transaction have committed. Nothing
   * is dropped with cascade, so that the constraints of other tables stay, unless a hook takes them away.
   */
  #invalidateChangedBy(node: BuiltNode): void {
    if ((node.hooks ?? []).length > 0) this.#relations.invalidateAll();
    else this.#relations.invalidate(node.relation);
  }

  /** Runs a test, unless it has been run as an audit of a model that this run has built, or has passed on the same rows. */
  async test(node: TestNode): Promise<Outcome> {
    const { signal, clock } = this.#context;
    try {
      const audit = this.#audited.get(node.id);
      const rows = await this.#reuse?.rowsOf(node);
      const passedAt = audit === undefined && rows !== undefined ? this.#reuse?.passedAt(node, rows) : undefined;
      if (passedAt !== undefined)
        return { ...passed, action: 'reuse', left: true, message: `unchanged since ${minuteOf(passedAt)}` };
      const at = clock().toISOString();
      const { how, ...tested } =
        audit === undefined ? await this.#runTest(node, rows) : this.#asAudited(node, audit, rows);
      if (tested.status !== 'pass') this.#reuse?.fail(node);
      else if (rows !== undefined && how !== 'some rows' && !tested.proven) await this.#reuse?.pass(node, rows, at);
      const found = tested.failures === 0 && tested.status === 'pass' ? '' : badRows(tested.failures);
      const aside = audit !== undefined ? 'audited' : how === 'new rows' ? how : '';
      const parts = [found, limitsOf(node, tested.status), aside];
      const message = tested.proven ? 'held by a constraint' : parts.filter(Boolean).join(', ');
      const { failures, rows: bad } = tested;
      const status = tested.status === 'warn' && this.#how.warningsFail === true ? 'fail' : tested.status;
      return { ...passed, status, message, failures, rows: bad };
    } catch (error) {
      return signal?.aborted === true ? stopped(signal) : failure(error);
    }
  }

  /** Runs a test on the new rows, where those tell the outcome for all, or on all rows. */
  async #runTest(node: TestNode, rows: RowsToTest | undefined): Promise<Tested> {
    const { warehouse, sourceText } = this.#context;
    const failures = rows && this.#reuse?.failuresOfNewRows(node, rows);
    if (failures !== undefined) return { ...countedOutcome(node, failures), how: 'new rows' };
    const onSql = (sql: string) => this.#context.onSql?.(node, [sql]);
    if (!this.#storing && canShareScan(node) && (await this.#hasPassedWithOthers(node, rows))) {
      onSql(outcomeSql(node, node.sql).text);
      return { ...countedOutcome(node, 0), how: 'all rows' };
    }
    const sql = rows && this.#reuse?.incrementOf(node, rows);
    const test = sql === undefined ? node : { ...node, sql };
    const outcome = await runTest(warehouse, test, this.#relations, sourceText, this.#storing, onSql);
    return { ...outcome, how: sql === undefined ? 'all rows' : 'new rows' };
  }

  /** Whether a test has no bad row, as the reading says that it shares with the tests of its relation that have to be run, too. */
  async #hasPassedWithOthers(test: OfBadRows, read: RowsToTest | undefined): Promise<boolean> {
    const { from } = test.badRow;
    const key = JSON.stringify([from, read?.rows]);
    const scan = this.#scans.get(key) ?? this.#scan(this.#sharing.filter(({ badRow }) => badRow.from === from));
    this.#scans.set(key, scan);
    return (await scan).has(test);
  }

  async #scan(tests: readonly OfBadRows[]): Promise<ReadonlySet<TestNode>> {
    const due: OfBadRows[] = [];
    for (const test of tests) if (await this.#readsAllRows(test)) due.push(test);
    return passedInSharedScan((sql) => this.#context.warehouse.query(sql), due);
  }

  /** Whether nothing spares a test the reading of all rows. */
  async #readsAllRows(test: TestNode): Promise<boolean> {
    if (this.#audited.has(test.id)) return false;
    const { provenBy } = test;
    if (provenBy !== undefined && holds(provenBy, await this.#relations.get(provenBy.relation))) return false;
    if (this.#reuse === undefined) return true;
    const rows = await this.#reuse.rowsOf(test);
    return this.#reuse.passedAt(test, rows) === undefined && this.#reuse.failuresOfNewRows(test, rows) === undefined;
  }

  /** What an audit says of its test. One of new rows says nothing of the others, unless those have passed before. */
  #asAudited(node: TestNode, audit: AuditOutcome, rows: RowsToTest | undefined): Tested {
    const isOfAll = node.audit?.newRows === undefined || (rows && this.#reuse?.failuresOfNewRows(node, rows)) === 0;
    return { ...outcomeOf(audit), how: isOfAll ? 'all rows' : 'some rows' };
  }
}

/** The outcome of a test, and whether it was found out by looking at all rows, at the new ones, or says nothing of the others. */
interface Tested extends TestOutcome {
  readonly how: 'all rows' | 'new rows' | 'some rows';
}

/** `2026-11-28 16:20 UTC` */
function minuteOf(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
