import type { StatementError } from '../../../warehouse/errors.ts';
import { literal } from '../../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../../warehouse/warehouse.ts';
import type { LockWaits } from '../../database/locks/lock-waits.ts';
import { explain, statement } from '../../database/statement.ts';
import type { BuiltNode, Hook } from '../../manifest/manifest.ts';
import type { Decision } from '../../plan/decision.ts';
import { raiseRowsVersionsIn } from '../../state/models.ts';
import { NodeError, type SourceTexts } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import type { SqlText } from '../../text/sql-text.ts';
import { sqlTokens } from '../../text/sql-tokens.ts';

export interface HookContext {
  /** ISO time of the run. */
  readonly runStartedAt: string;
  readonly runId?: string | undefined;
  readonly sourceText: SourceTexts;
  /** Called with the SQL of a hook of a node, before it runs. */
  readonly onSql?: ((node: BuiltNode, statements: readonly string[]) => void) | undefined;
}

/**
 * Runs a node's hooks of one kind in order, those that have something to do in the form that is built.
 * @returns how many ran.
 * @throws NodeError that names the hook and its place; later hooks do not run.
 */
export async function runHooks(
  on: Queryable,
  node: BuiltNode,
  { when, inTransaction }: Pick<Hook, 'when' | 'inTransaction'>,
  mode: Decision['mode'],
  context: HookContext,
): Promise<number> {
  let ran = 0;
  for (const hook of node.hooks ?? []) {
    const sql = mode === 'increment' ? hook.incremental : hook.full;
    if (hook.when !== when || hook.inTransaction !== inTransaction || sql.text === '') continue;
    const name = `${node.name}: ${hook.name}`;
    await noteChanges(on, sql);
    context.onSql?.(node, [`-- ${hook.name}\n${filled(sql, context).text}`]);
    await runHook(on, { name, sql, place: hook.place, file: node.file }, context);
    ran += 1;
  }
  return ran;
}

/** Runs a node's hooks with `transaction: false`, on a connection of their own. @throws NodeError */
export async function runHooksOutside(
  { warehouse, locks }: { readonly warehouse: Warehouse; readonly locks: LockWaits },
  node: BuiltNode,
  when: Hook['when'],
  mode: Decision['mode'],
  context: HookContext,
): Promise<void> {
  if (!(node.hooks ?? []).some((hook) => hook.when === when && !hook.inTransaction)) return;
  await warehouse.session((session) =>
    runHooks(locks.outside(node.name, session), node, { when, inTransaction: false }, mode, context),
  );
}

/** What cannot change a row, whatever privileges or events it names. */
const harmless = /^(analyze|comment|create|explain|grant|lock|reindex|revoke|vacuum)$/i;
const changing = /^(call|copy|delete|do|insert|merge|refresh|truncate|update)$/i;

/**
 * Raises the versions of the rows of all models and seeds that a hook names, if its words say that it changes rows. Before it runs:
 * what is made of them is built again also if the process ends right after the hook.
 */
export async function noteChanges(on: Queryable, sql: SqlText): Promise<void> {
  const words = [...sqlTokens(sql.text)].filter(({ kind }) => kind === 'word').map(({ text }) => text);
  if (harmless.test(words[0] ?? '') || !words.some((word) => changing.test(word))) return;
  await raiseRowsVersionsIn(on, sql.text);
}

function filled(sql: SqlText, { runStartedAt, runId }: HookContext): SqlText {
  return sql.fill(({ kind }) => {
    if (kind === 'invocation_id') return runId ?? '';
    return kind === 'run_started_at' ? `timestamptz ${literal(runStartedAt)}` : undefined;
  });
}

/**
 * Runs one hook.
 * @param name its name in messages.
 * @param file the file to name if the hook has no place.
 * @throws NodeError
 */
export async function runHook(
  on: Queryable,
  { name, sql, place, file }: { readonly name: string; readonly sql: SqlText } & At,
  context: HookContext,
): Promise<void> {
  const { sourceText } = context;
  try {
    await statement(on, filled(sql, context));
  } catch (fault) {
    const subject = { name, file, sourceText, hint: hintFor };
    const error = explain(fault, subject);
    if (!(error instanceof NodeError) || error.where !== file) throw error;
    // PostgreSQL does not say where; then it is the hook as a whole.
    const { message: what, detail, hint, cause } = error;
    throw explain(new NodeError({ what, place, detail, hint, cause }), subject);
  }
}

function hintFor({ code }: StatementError): string | undefined {
  switch (code) {
    case '42P07':
    case '42P16':
    case '42701':
    case '42710':
      return 'It may be there from an earlier run: tables stay from run to run. Say `if not exists`, or declare it (indexes, constraints).';
    case '42P01':
      return 'What a hook names has to be there each time it runs. In a pre_hook, {{#incremental}} ... {{/incremental}} leaves it out before the model is there.';
    default:
      return undefined;
  }
}

interface At {
  readonly place: Place | undefined;
  readonly file: string;
}
