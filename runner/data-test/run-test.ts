import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { type ExistingRelation, readRelation } from '../database/catalog.ts';
import { explain, statement } from '../database/statement.ts';
import type { Proof, TestNode } from '../manifest/test-node.ts';
import type { SourceTexts } from '../text/errors.ts';
import { SqlText } from '../text/sql-text.ts';
import { type FirstRows, firstRows, storeBadRows, storedAs } from './bad-rows.ts';
import { type Judged, judge, judgeCount, verdictSql } from './judge.ts';

export interface TestOutcome extends Judged {
  /** True when a constraint of the database makes bad rows impossible, so that nothing had to be read. */
  readonly proven: boolean;
  /** The first bad rows, where there are any. */
  readonly rows?: FirstRows | undefined;
}

/** Reads each relation from the catalog once; what has changed since must be invalidated. */
export class RelationCache {
  readonly #on: Queryable;
  readonly #found = new Map<string, Promise<ExistingRelation | undefined>>();

  constructor(on: Queryable) {
    this.#on = on;
  }

  get(name: RelationName): Promise<ExistingRelation | undefined> {
    const key = relation(name);
    const known = this.#found.get(key) ?? readRelation(this.#on, name);
    this.#found.set(key, known);
    return known;
  }

  /** Forgets one relation. */
  invalidate(name: RelationName): void {
    this.#found.delete(relation(name));
  }

  /** Forgets all of them: where a hook has run, any may have changed. */
  invalidateAll(): void {
    this.#found.clear();
  }
}

/**
 * Runs one data test: counts or judges its bad rows, and reads the first of them if it does not pass.
 * @param storing whether the run is asked to store bad rows; what the test itself says of that comes first.
 * @param onSql called with the statement that counts or judges, before it runs.
 * @throws NodeError if its query cannot be run.
 */
export async function runTest(
  warehouse: Warehouse,
  test: TestNode,
  relations: RelationCache,
  sourceText: SourceTexts,
  storing = false,
  onSql: (sql: string) => void = () => undefined,
): Promise<TestOutcome> {
  const as = storedAs(test, storing);
  const proof = as === undefined ? test.provenBy : undefined;
  if (proof !== undefined && holds(proof, await relations.get(proof.relation)))
    return { status: 'pass', failures: 0, proven: true };
  try {
    const stored = as === undefined ? undefined : test.stored;
    const bad = as === undefined || stored === undefined ? test.sql : await storeBadRows(warehouse, test, stored, as);
    onSql(outcomeSql(test, bad).text);
    const judged =
      test.verdict === undefined
        ? judgeCount(test, await countRows(warehouse, bad))
        : await judge(warehouse, test, test.verdict, bad);
    const rows = judged.status === 'pass' ? undefined : await firstRows(warehouse, bad, stored);
    return { ...judged, proven: false, rows };
  } catch (error) {
    throw explain(error, { name: test.name, file: test.file, sourceText });
  }
}

/** The statement by which a test is decided. Pure. @param bad the query for its bad rows. */
export function outcomeSql({ verdict }: TestNode, bad: SqlText): SqlText {
  return verdict === undefined ? countSql(bad) : verdictSql(verdict, bad);
}

function countSql(bad: SqlText): SqlText {
  return SqlText.join('select count(*) as failures\nfrom (\n', bad, '\n) as bad_rows');
}

async function countRows(on: Queryable, bad: SqlText): Promise<number> {
  const { rows } = await statement(on, countSql(bad));
  return Number(rows[0]?.failures ?? 0);
}

/** The outcome of a test that has found so many bad rows. */
export function countedOutcome(test: TestNode, failures: number): TestOutcome {
  return { ...judgeCount(test, failures), proven: false };
}

/** Whether a constraint of the database makes what a test looks for impossible. */
export function holds(proof: Proof, existing: ExistingRelation | undefined): boolean {
  if (existing?.kind !== 'table') return false;
  switch (proof.type) {
    case 'not_null':
      return existing.columns.some((column) => column.name === proof.column && column.notNull);
    case 'unique':
      return existing.unique.some((columns) => columns.every((name) => proof.columns.includes(name)));
    case 'foreign_key':
      return existing.foreignKeys.some(
        (key) =>
          key.to.schema === proof.to.schema &&
          key.to.name === proof.to.name &&
          key.columns.join('\n') === proof.columns.join('\n') &&
          key.toColumns.join('\n') === proof.toColumns.join('\n'),
      );
    default:
      return proof satisfies never;
  }
}
