import { dollarQuoted } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { type Comments, commentsOn } from '../../database/attachments.ts';
import { ask } from '../../database/question.ts';
import { statement } from '../../database/statement.ts';
import type { BuiltNode } from '../../manifest/manifest.ts';
import { describeRelation } from '../../materialize/parts/comments.ts';
import type { Decision } from '../../plan/decision.ts';
import type { Created } from '../../state/created.ts';
import { NodeError } from '../../text/errors.ts';
import { SqlText } from '../../text/sql-text.ts';
import { type Granted, grantRoles } from './grant-roles.ts';
import { type HookContext, runHooks } from './hooks.ts';

/** What is known of a relation from before its build, and what is recorded of it. */
export interface Before {
  /** Comments of the relation that was replaced. */
  readonly comments: Comments | undefined;
  /** Its present comments, if the build did not touch it. */
  readonly unchanged?: Comments | undefined;
  readonly created: Created;
}

/**
 * What follows the rows in their transaction, and may change even if no row did: comments, post-hooks, grants.
 * @returns what to record of the grants.
 * @throws NodeError | StatementError
 */
export async function completeRelation(
  session: Session,
  node: BuiltNode,
  mode: Decision['mode'],
  before: Before,
  context: HookContext,
): Promise<Granted> {
  const comments = await writeComments(session, node, before);
  const ran = await runHooks(session, node, { when: 'post', inTransaction: true }, mode, context);
  if (ran > 0 && comments !== undefined && (await ask(session, commentsOn(node.relation))) === undefined)
    throw goneBehindHooks(node);
  return grantRoles(session, node, before.created.grants);
}

/**
 * Comments and grants only, without the hooks: if the rows are built in several transactions, readers need not wait for the last
 * one.
 * @returns what to record of the grants.
 * @throws NodeError | StatementError
 */
export async function introduceRelation(session: Session, node: BuiltNode, before: Before): Promise<Granted> {
  await writeComments(session, node, before);
  return grantRoles(session, node, before.created.grants);
}

async function writeComments(session: Session, node: BuiltNode, before: Before): Promise<Comments | undefined> {
  const isPlain = before.comments === undefined && !isDescribed(node) && (node.hooks ?? []).length === 0;
  const comments = before.unchanged ?? (isPlain ? undefined : await ask(session, commentsOn(node.relation)));
  const steps = comments === undefined ? [] : describeRelation(node, comments, before.comments);
  if (steps.length > 0) await statement(session, asOne(steps.map(({ sql }) => sql)));
  return comments;
}

/** Whether the .yml says anything that could become a comment. */
function isDescribed({ description = '', columns }: BuiltNode): boolean {
  return description !== '' || columns.some((column) => (column.description ?? '') !== '');
}

/** Statements that return nothing as one, so that dozens of comments take one way to the database and back. */
function asOne(statements: readonly SqlText[]): SqlText {
  const [first] = statements;
  if (statements.length === 1 && first !== undefined) return first;
  const lines = statements.map(({ text }) => `    ${text};`);
  return new SqlText(`do ${dollarQuoted(['begin', ...lines, 'end'].join('\n'))}`);
}

function goneBehindHooks({ name, relation, hooks = [] }: BuiltNode): NodeError {
  const hook = hooks.find(({ when, inTransaction }) => when === 'post' && inTransaction);
  return new NodeError({
    what: `${name}: ${relation.schema}.${relation.name} is gone after its post_hook`,
    place: hook?.place,
    hint: 'A hook dropped or renamed it, or gave it another schema. What is made of it would not find it: take that out.',
  });
}
