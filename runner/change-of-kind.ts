import { relation } from '../warehouse/quote.ts';
import type { ExistingRelation, ForeignKey } from './catalog.ts';
import { NodeError } from './errors.ts';
import type { ModelNode, SeedNode } from './manifest.ts';
import type { Pruned } from './pruned.ts';
import type { ModelState } from './state.ts';
import { relationKindOf } from './table-target.ts';

interface Standing {
  readonly existing: ExistingRelation | undefined;
  readonly remembered: ModelState | undefined;
  readonly pruned: ReadonlyMap<string, Pruned>;
  readonly expired: ReadonlyMap<string, Date>;
}

/**
 * What stands goes where a model is to be something else: refused where nothing would bring back what it holds, or where
 * others hold on to it. Pure.
 * @throws NodeError that says how to go on.
 */
export function refuseChangeOfKind(
  node: ModelNode | SeedNode,
  { mode }: { readonly mode: string },
  { existing, remembered, pruned, expired }: Standing,
): void {
  if (existing === undefined || mode === 'skip') return;
  const { schema, name } = node.relation;
  const stands = `${schema}.${name}`;
  if (existing.kind === 'other')
    throw new NodeError({
      what: `${stands} is neither a table nor a view, and datacycle did not make it`,
      hint: 'Rename or drop it, or give the model an alias.',
    });
  const was = existing.kind === 'table' ? (remembered?.materialized ?? 'table') : existing.kind;
  const materialized = node.kind === 'seed' ? 'seed' : node.materialized;
  const becomes = materialized === 'materialized_view' ? 'materialized view' : materialized;
  const keep = `To keep its rows, rename it: alter table ${relation(schema, name)} rename to ...; to do without them, drop it. Then run again.`;
  const refuse = (why: string, hint: string): never => {
    const place = node.settings.get('materialized')?.place();
    throw new NodeError({
      what: `${stands} is ${withArticle(was)} and would become ${withArticle(becomes)}, but ${why}`,
      ...(place === undefined ? { where: node.file } : { place }),
      hint: `Nothing was touched. ${hint}`,
    });
  };
  if (was === 'snapshot' && becomes !== 'snapshot') refuse('its history is nowhere else', keep);
  const goes = relationKindOf(node) !== existing.kind || (becomes === 'snapshot' && mode === 'create');
  if (goes && existing.referencedBy.length > 0)
    refuse(
      `foreign keys point at it: ${existing.referencedBy.map(spell).join(', ')}`,
      'Take those constraints out of their .yml files, or drop them if they were made by hand, build those tables, and run again.',
    );
  if (goes && existing.extras.length > 0)
    refuse(
      `${existing.extras.join(' and ')} would be lost`,
      'Drop that, run again, and make it again where the new kind can have it.',
    );
  if (was !== 'incremental' || becomes === 'incremental') return;
  const gone = [...pruned.keys()];
  if (gone.length > 0)
    refuse(
      `rows of ${gone.join(', ')} that it is made of have been pruned`,
      `\`datacycle load --from-bronze\` lands them again. ${keep}`,
    );
  // A table with an event_time keeps the rows that it cannot make again.
  if (expired.size > 0 && (goes || node.config.event_time === undefined))
    refuse(`retention has deleted rows of ${[...expired.keys()].join(', ')} that it is made of`, keep);
}

function spell({ from, columns }: ForeignKey): string {
  return `${from.schema}.${from.name} (${columns.join(', ')})`;
}

/** `a table`, `an incremental model`, ... */
function withArticle(kind: string): string {
  return kind === 'incremental' ? 'an incremental model' : `a ${kind}`;
}
