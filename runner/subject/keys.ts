import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { type Bind, Parameters, type SubjectNode } from './predicate.ts';
import type { SubjectWords } from './words.ts';

/*
 * The surrogate keys of a subject stay taken, so that a number is never handed out again; what they were handed out for
 * goes, since it names the subject.
 */

/** A condition on a row as `t`, made with SQL for the values it compares with. */
export type SubjectCondition = (bind: Bind) => string;

/** A model for which surrogate keys were assigned, and its table if that exists. */
export interface KeyedTable {
  readonly model: string;
  readonly rows?: { readonly table: { readonly schema: string; readonly name: string }; readonly key: string };
}

const erasedKey = `'erased:' || key`;

/** Removes the natural keys of the subject's rows from the bookkeeping, before the rows are deleted. */
export async function forgetKeys(session: Session, node: SubjectNode, condition: SubjectCondition): Promise<void> {
  const key = node.config.surrogate_key;
  if (key === undefined) return;
  const { schema, name } = node.relation;
  const { bind, values } = new Parameters();
  await session.query(
    `update datacycle.surrogate_key set natural_key = ${erasedKey}
     where model = ${literal(node.name)}
         and key in (select t.${identifier(key)} from ${relation(schema, name)} as t where ${condition(bind)})`,
    values,
  );
}

/**
 * Removes the natural keys that name the subject from surrogate keys without a row. A key that a row still has is never touched,
 * since the next build would assign another to that row. @returns how many there were.
 */
export async function forgetKeysWithoutRow(
  session: Session,
  { model, rows }: KeyedTable,
  words: SubjectWords,
): Promise<number> {
  const { bind, values } = new Parameters();
  const hasRow =
    rows === undefined
      ? 'false'
      : `exists (select from ${relation(rows.table)} as t where t.${identifier(rows.key)} = k.key)`;
  const forgotten = await session.query(
    `update datacycle.surrogate_key as k set natural_key = ${erasedKey}
     where k.model = ${literal(model)} and ${words.sql(bind)('k.natural_key')} and not ${hasRow}`,
    values,
  );
  return forgotten.rowCount;
}
