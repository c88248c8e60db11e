import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { type ExistingRelation, readRelation } from '../database/catalog.ts';
import { explain, statement } from '../database/statement.ts';
import type { Proof, TestNode } from '../manifest/test-node.ts';
import type { SourceTexts } from '../text/errors.ts';
import { SqlText } from '../text/sql-text.ts';

export interface TestOutcome {
  readonly status: 'pass' | 'fail' | 'warn';
  /** How many bad rows the query returned. */
  readonly failures: number;
  /** True when a constraint of the database makes bad rows impossible, so that nothing had to be read. */
  readonly proven: boolean;
}

/** Reads each relation from the catalog once; what has changed since must be forgotten. */
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
  forget(name: RelationName): void {
    this.#found.delete(relation(name));
  }

  /** Forgets all of them: where a hook has run, any may have changed. */
  forgetAll(): void {
    this.#found.clear();
  }
}

/** Runs one data test. @throws NodeError if its query cannot be run. */
export async function runTest(
  on: Queryable,
  test: TestNode,
  relations: RelationCache,
  sourceText: SourceTexts,
): Promise<TestOutcome> {
  if (test.provenBy !== undefined && holds(test.provenBy, await relations.get(test.provenBy.relation))) {
    return { status: 'pass', failures: 0, proven: true };
  }
  try {
    const counting = SqlText.join('select count(*) as failures\nfrom (\n', test.sql, '\n) as bad_rows');
    const { rows } = await statement(on, counting);
    const failures = Number(rows[0]?.failures ?? 0);
    return countedOutcome(test, failures);
  } catch (error) {
    throw explain(error, { name: test.name, file: test.file, sourceText });
  }
}

/** The outcome of a test that has found so many bad rows. */
export function countedOutcome({ severity }: TestNode, failures: number): TestOutcome {
  return { status: failures === 0 ? 'pass' : severity === 'warn' ? 'warn' : 'fail', failures, proven: false };
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
