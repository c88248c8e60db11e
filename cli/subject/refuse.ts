import { linesWith } from '../../runner/build/transaction/seed.ts';
import type { Manifest } from '../../runner/manifest/manifest.ts';
import { isSubjectNode } from '../../runner/subject/predicate.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { watchLock } from '../watch/hold-lock.ts';

/**
 * A watcher would log, land and build beside the erasure. A seed's file is the operator's: it would bring the subject back, e.g. who may
 * see its rows.
 * @throws UsageError while a watcher is at work, or naming the lines of seeds with the id of the subject.
 */
export async function assertMayErase(
  warehouse: Warehouse,
  { nodes }: Manifest,
  root: string,
  id: string,
): Promise<void> {
  const holder = await warehouse.holder(watchLock);
  if (holder !== undefined)
    throw new UsageError({
      what: `a watcher is at work: ${holder}`,
      hint: 'Stop it first, and start it again when this is done. Nothing was touched.',
    });
  const places = [...nodes.values()].flatMap((seed) => {
    if (seed.kind !== 'seed' || !isSubjectNode(seed) || seed.subject.of !== undefined) return [];
    return linesWith(root, seed, seed.subject.column, id).map((line) => `${seed.file}:${line}`);
  });
  if (places.length === 0) return;
  throw new UsageError({
    what: `seeds still name the subject: access must not outlive the data`,
    where: places.join(', '),
    hint: `Take ${places.length === 1 ? 'this line' : 'these lines'} out first, then repeat. Nothing was touched.`,
  });
}
