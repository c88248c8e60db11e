import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Question, question } from '../database/question.ts';

/** When a data test passed, and on what. */
export interface TestPass {
  /** Of its SQL then. */
  readonly checksum: string;
  /** ISO time of the run in which it was run and passed. */
  readonly passedAt: string;
  /** The rows that each upstream had then, by its id: see {@link RowVersions}. */
  readonly rows: Readonly<Record<string, string>>;
  /** What it had read of upstreams whose rows it need not all read again, by their ids. */
  readonly marks: Readonly<Record<string, Mark>>;
}

/** How far a test has read an upstream. */
export interface Mark {
  /** The upstream's version: what it was apart from increments. */
  readonly version: string;
  readonly loadId: number;
  /** How often rows had gone from it; undefined: recorded by a version that did not look. */
  readonly removals?: number | undefined;
}

/** The data tests that passed when they were run last, by name. */
export const allTestPasses: Question<ReadonlyMap<string, TestPass>> = question(
  `select test, checksum, to_char(passed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "passedAt", rows, marks
   from datacycle.test_pass`,
  [],
  (rows: readonly (TestPass & { readonly test: string })[]) => new Map(rows.map(({ test, ...pass }) => [test, pass])),
);

/** Records tests that passed. */
export async function writeTestPasses(session: Queryable, passes: ReadonlyMap<string, TestPass>): Promise<void> {
  if (passes.size === 0) return;
  const values = [...passes.values()];
  await session.query(
    `insert into datacycle.test_pass (test, checksum, passed_at, rows, marks)
     select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::jsonb[], $5::jsonb[])
     on conflict (test) do update set checksum = excluded.checksum, passed_at = excluded.passed_at, rows = excluded.rows,
         marks = excluded.marks`,
    [
      [...passes.keys()],
      values.map(({ checksum }) => checksum),
      values.map(({ passedAt }) => passedAt),
      values.map(({ rows }) => JSON.stringify(rows)),
      values.map(({ marks }) => JSON.stringify(marks)),
    ],
  );
}

/** Removes the record of tests that did not pass. */
export async function deleteTestPasses(session: Queryable, tests: readonly string[]): Promise<void> {
  if (tests.length > 0) await session.query('delete from datacycle.test_pass where test = any($1::text[])', [tests]);
}
