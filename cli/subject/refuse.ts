import { landedSources } from '../../loaders/erasure/staging-rows.ts';
import { linesWith } from '../../runner/build/transaction/seed.ts';
import type { Manifest } from '../../runner/manifest/manifest.ts';
import { isSubjectNode, type KnownSubject, subjectPredicate } from '../../runner/subject/predicate.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { watchLock } from '../watch/hold-lock.ts';

/** @throws UsageError if models read a source that nothing would be erased from. */
export function refuseUncovered({ nodes }: Manifest): void {
  for (const source of nodes.values()) {
    if (source.kind !== 'source' || !source.isPersonal || landedSources.includes(source.name)) continue;
    const reader = [...nodes.values()].find((node) => node.kind === 'model' && node.dependsOn.includes(source.id));
    if (reader === undefined) continue;
    throw new UsageError({
      what: `${reader.name} is made of ${source.name}, and nothing knows how to erase there`,
      where: source.file,
      hint: `If its rows are nobody's, set subject: false for the table in ${source.file}. Nothing was touched.`,
    });
  }
}

/** @throws UsageError while a watcher keeps the database fresh: it would log, land and build beside the erasure. */
export async function refuseWatched(warehouse: Warehouse): Promise<void> {
  const holder = await warehouse.holder(watchLock);
  if (holder === undefined) return;
  throw new UsageError({
    what: `a watcher is at work: ${holder}`,
    hint: 'Stop it first, and start it again when this is done. Nothing was touched.',
  });
}

/**
 * A seed's file is the operator's: it would bring the subject back, e.g. who may see its rows.
 * @throws UsageError naming the lines to take out.
 */
export async function refuseSeeded(
  warehouse: Warehouse,
  manifest: Manifest,
  root: string,
  subject: KnownSubject,
): Promise<void> {
  const places: string[] = [];
  for (const seed of manifest.nodes.values()) {
    if (seed.kind !== 'seed' || !isSubjectNode(seed)) continue;
    const { column, of } = seed.subject;
    const target = of === undefined ? undefined : manifest.nodes.get(of);
    const values = new Set([subject.id]);
    if (isSubjectNode(target)) {
      values.clear();
      const { rows } = await warehouse.query<{ value: string }>(
        `select distinct t.${identifier(column)}::text as value from ${relation(target.relation)} as t
         where t.${identifier(column)} is not null and ${subjectPredicate(target, manifest, subject)}`,
      );
      for (const { value } of rows) values.add(value);
    }
    for (const line of linesWith(root, seed, column, values)) places.push(`${seed.file}:${line}`);
  }
  if (places.length === 0) return;
  throw new UsageError({
    what: `seeds still name the subject: access must not outlive the data`,
    where: places.join(', '),
    hint: `Take ${places.length === 1 ? 'this line' : 'these lines'} out first, then repeat. Nothing was touched.`,
  });
}
