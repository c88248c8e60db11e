import type { Queryable } from '../../warehouse/warehouse.ts';
import { ruleOf, type Subject } from '../tombstones/rule.ts';

/** What stands in place of a message that named the subject. */
const replacement = 'the message named an apartment that was erased';

/** Replaces what the last failed load said, if it names the subject, e.g. in a path. Returns how many there were. */
export async function eraseMessages(on: Queryable, subject: Subject): Promise<number> {
  const rules = [ruleOf(subject), ruleOf({ id: subject.id, owner: subject.id })];
  const { rows } = await on.query<{ source: string; message: string }>(
    'select source, message from staging.attempt where message is not null',
  );
  const named = rows.filter(({ message }) => rules.some((rule) => rule.isNamedIn(message)));
  for (const { source } of named) {
    await on.query('update staging.attempt set message = $2 where source = $1', [source, replacement]);
  }
  return named.length;
}
