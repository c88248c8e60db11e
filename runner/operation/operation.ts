// A macro that acts: `run-operation`.
//
//   1. compile/operation.ts renders the macro with its arguments
//   2. operation.ts         cuts the SQL into its statements, and runs them one after the other in one transaction
//
// At the end all statements have taken effect or none has. What they change in the tables of models is noted as a change by a hook is:
// what reads those is built again. An error points at the macro's file.
import { literal } from '../../warehouse/quote.ts';
import type { Result, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { noteChanges } from '../build/transaction/hooks.ts';
import { explain, statement } from '../database/statement.ts';
import { loadSqlParser, SqlSyntaxError } from '../sql/parser.ts';
import { hasState } from '../state/schema.ts';
import { NodeError, type SourceTexts } from '../text/errors.ts';
import { formatPlace } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';

export interface OperationOptions {
  /** For messages: the macro's name, and its file. */
  readonly name: string;
  readonly file: string;
  readonly sourceText: SourceTexts;
  /** ISO time of the run, and its id. */
  readonly runStartedAt: string;
  readonly runId: string;
}

/** What one statement has done. */
export interface Done {
  /** Its first word, in lower case: `insert`, `select`. */
  readonly word: string;
  readonly result: Result;
}

/**
 * Runs the statements of an operation in one transaction.
 * @throws NodeError with the place in the macro; none of the statements has then had an effect.
 */
export async function runOperation(
  warehouse: Warehouse,
  sql: SqlText,
  options: OperationOptions,
): Promise<readonly Done[]> {
  const { runStartedAt, runId } = options;
  const filled = sql.fill(({ kind }) => {
    if (kind === 'invocation_id') return runId;
    return kind === 'run_started_at' ? `timestamptz ${literal(runStartedAt)}` : undefined;
  });
  const statements = await statementsOf(filled, options);
  return warehouse.transaction(async (session) => {
    const isKnown = await hasState(session);
    const done: Done[] = [];
    for (const one of statements) {
      if (isKnown) await noteChanges(session, one);
      done.push({ word: wordOf(one), result: await run(session, one, options) });
    }
    return done;
  });
}

async function run(session: Session, sql: SqlText, { name, file, sourceText }: OperationOptions): Promise<Result> {
  try {
    return await statement(session, sql, 'text');
  } catch (error) {
    throw explain(error, {
      name,
      file,
      sourceText,
      hint: ({ code }) =>
        code === '25001' ? 'All statements of an operation are one transaction; run this one with psql.' : undefined,
    });
  }
}

/** The statements of an SQL text, as PostgreSQL's own parser cuts it. @throws NodeError for what it cannot read. */
async function statementsOf(sql: SqlText, { name, file }: OperationOptions): Promise<readonly SqlText[]> {
  if (sql.text === '') return [];
  const { parse } = await loadSqlParser();
  const placed = (offset: number) => {
    const place = sql.placeAt(offset);
    return place === undefined ? file : formatPlace(place);
  };
  try {
    const bytes = Buffer.from(sql.text);
    const at = (offset: number) => bytes.toString('utf8', 0, offset).length;
    return (parse(sql.text).stmts ?? []).map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
      const end = length === undefined || length === 0 ? sql.text.length : at(from + length);
      const one = sql.slice(at(from), end).trim();
      if (stmt !== undefined && 'TransactionStmt' in stmt)
        throw new NodeError({
          what: `${name}: ${wordOf(one)} would end the transaction that an operation is`,
          where: placed(sql.text.indexOf(one.text, at(from))),
          hint: 'Take it out: all statements take effect at the end, or none does.',
        });
      return one;
    });
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw new NodeError({ what: `${name}: ${error.message}`, where: placed(error.offset) });
  }
}

function wordOf({ text }: SqlText): string {
  return /[a-z]+/i.exec(text.replace(/--.*|\/\*[\s\S]*?\*\//g, ' '))?.[0].toLowerCase() ?? 'statement';
}
