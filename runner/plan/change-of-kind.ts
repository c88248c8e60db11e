import { relation } from '../../warehouse/quote.ts';
import { type Attachments, nothingPreserved, type Preserved } from '../database/attachments.ts';
import type { ExistingRelation, ForeignKey } from '../database/catalog.ts';
import type { Recreatable } from '../database/recreatable.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import { settingPlace } from '../project/setting-places.ts';
import { namesOf } from '../state/created.ts';
import type { ModelState } from '../state/models.ts';
import type { Pruned } from '../state/pruned.ts';
import { NodeError } from '../text/errors.ts';
import { relationKindOf } from './table-target.ts';

interface StateBefore {
  readonly existing: ExistingRelation | undefined;
  readonly recorded: ModelState | undefined;
  readonly pruned: ReadonlyMap<string, Pruned>;
  readonly expired: ReadonlyMap<string, Date>;
}

/**
 * Refuses a change of materialization that would lose rows which nothing can restore, or that foreign keys prevent. Pure.
 * @throws NodeError that says what to do instead.
 */
export function refuseChangeOfKind(
  node: BuiltNode,
  { mode }: { readonly mode: string },
  { existing, recorded, pruned, expired }: StateBefore,
): void {
  if (existing === undefined || mode === 'skip') return;
  const { schema, name } = node.relation;
  if (existing.kind === 'other')
    throw new NodeError({
      what: `${schema}.${name} is neither a table nor a view, and datacycle did not make it`,
      hint: 'Rename or drop it, or give the model an alias.',
    });
  const { was, becomes } = kindsOf(node, existing, recorded);
  const keep = `To keep its rows, rename it: alter table ${relation(schema, name)} rename to ...; to do without them, drop it. Then run again.`;
  const refuse = (why: string, hint: string) => refuseToReplace(node, existing, recorded, why, hint);
  if (was === 'snapshot' && becomes !== 'snapshot') refuse('its history is nowhere else', keep);
  const goes = relationKindOf(node) !== existing.kind || (becomes === 'snapshot' && mode === 'create');
  if (goes && existing.referencedBy.length > 0)
    refuse(
      `foreign keys point at it: ${existing.referencedBy.map(spell).join(', ')}`,
      'Take those constraints out of their .yml files, or drop them if they were created by hand, build those tables, and run again.',
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

/**
 * Refuses to drop a relation that has what nothing would give to the one that takes its place.
 * @throws NodeError that names it.
 */
export function refuseToLoseAttachments(
  node: BuiltNode,
  { existing, recorded }: Pick<StateBefore, 'existing' | 'recorded'>,
  attachments: Attachments | undefined,
): void {
  if (existing === undefined || attachments === undefined) return;
  const created = new Set(recorded && namesOf(recorded.created));
  const lost = [
    ...attachments.extras,
    // A table that datacycle did not create is replaced as a whole, with the constraints that it had.
    ...(recorded === undefined ? [] : attachments.constraints)
      .filter((name) => !created.has(name))
      .map((name) => `the constraint ${name}`),
    ...(relationKindOf(node) === 'view' ? createdByHand(recorded, attachments).indexes : []).map(
      ({ name }) => `the index ${name}`,
    ),
  ];
  if (lost.length === 0) return;
  const why = `${lost.join(' and ')} would be lost`;
  refuseToReplace(
    node,
    existing,
    recorded,
    why,
    'Drop that, run again, and make it again where the new one can have it.',
  );
}

/** The attachments without what is made again. */
export function withoutRecreatable(attachments: Attachments, others: readonly Recreatable[]): Attachments {
  const again = new Set(others.map(({ what }) => what));
  return {
    ...attachments,
    extras: attachments.extras.filter((extra) => !again.has(extra)),
    constraints: attachments.constraints.filter((name) => !again.has(`the constraint ${name}`)),
  };
}

/** What of a relation's attachments the runner did not make itself and makes again. */
export function createdByHand(recorded: ModelState | undefined, attachments: Preserved | undefined): Preserved {
  if (attachments === undefined) return nothingPreserved;
  const created = new Set(recorded && namesOf(recorded.created));
  const indexes = recorded === undefined ? [] : attachments.indexes.filter(({ name }) => !created.has(name));
  return { ...attachments, indexes };
}

function refuseToReplace(
  node: BuiltNode,
  existing: ExistingRelation,
  recorded: ModelState | undefined,
  why: string,
  hint: string,
): never {
  const { schema, name } = node.relation;
  const { was, becomes } = kindsOf(node, existing, recorded);
  const place = settingPlace(node.settings, 'materialized');
  const change = was === becomes ? 'be created again' : `become ${withArticle(becomes)}`;
  throw new NodeError({
    what: `${schema}.${name} is ${withArticle(was)} and would ${change}, but ${why}`,
    ...(place === undefined ? { where: node.file } : { place }),
    hint: `Nothing was touched. ${hint}`,
  });
}

function kindsOf(
  node: BuiltNode,
  existing: ExistingRelation,
  recorded: ModelState | undefined,
): { readonly was: string; readonly becomes: string } {
  const materialized = node.materialized;
  return {
    was: existing.kind === 'table' ? (recorded?.materialized ?? 'table') : existing.kind,
    becomes: materialized === 'materialized_view' ? 'materialized view' : materialized,
  };
}

function spell({ from, columns }: ForeignKey): string {
  return `${from.schema}.${from.name} (${columns.join(', ')})`;
}

/** `a table`, `an incremental model`, ... */
function withArticle(kind: string): string {
  return kind === 'incremental' ? 'an incremental model' : `a ${kind}`;
}
