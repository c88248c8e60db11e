import type { StatementError } from '../../warehouse/errors.ts';
import { identifier } from '../../warehouse/quote.ts';
import { missingSource } from '../database/missing-source.ts';
import { type BuiltNode, hasRelation, isMicrobatch, type Manifest, partitioningOf } from '../manifest/manifest.ts';

/** What PostgreSQL says is not there, e.g. `relation "seeds.tariff" does not exist`: a node that has this relation. */
function missingOf(error: StatementError, { nodes }: Pick<Manifest, 'nodes'>) {
  const [, schema, name] = /["»„«“']([^"\s.]+)\.([^"\s]+?)["«“»”']/.exec(error.message) ?? [];
  return [...nodes.values()].find(
    (one) => hasRelation(one) && one.relation.schema === schema && one.relation.name === name,
  );
}

/** What to do where SQL names a table that nothing of the project is. */
const nobodys =
  'No model, seed or source is called so. Name a model by {{ref "..."}}, and a table that something else fills by {{source "..." "..."}}, with its name in a .yml.';

/** What to do where rows that a foreign key references would be deleted. */
function hintForReferenced({ name, config, constraints }: BuiltNode): string {
  if ((config.unique_key ?? []).length > 0)
    return `A foreign key references a row that ${name} no longer yields. Build the table that references it, too, or drop that foreign key.`;
  const key = constraints.find((one) => one.type === 'primary_key');
  const example = key?.type === 'primary_key' ? `, e.g. unique_key: [${key.columns.join(', ')}]` : '';
  return `A foreign key references rows of ${name}, and a model without a unique_key deletes all of its rows and inserts them anew. Set unique_key${example}: then a row keeps its place, and one that is gone is deleted once nothing references it.`;
}

/** What is usually wrong where PostgreSQL's parser stops. */
function hintForSyntax({ message, sql, position }: StatementError): string | undefined {
  const near = /at or near "([^"]*)"/.exec(message)?.[1]?.toLowerCase();
  if (near === undefined || position === undefined) return undefined;
  const before = [...sql]
    .slice(0, position - 1)
    .join('')
    .trimEnd();
  if (before.endsWith(',')) return 'The comma before it may be one too many.';
  return /^[a-z_"']/.test(near) && /[\w")\]']$/.test(before)
    ? 'A comma or an operator may be missing before it.'
    : undefined;
}

/** What to do about an error that PostgreSQL reports while a node is built. */
export function hintFor(error: StatementError, node: BuiltNode, manifest: Manifest): string | undefined {
  switch (error.code) {
    case '42601':
      return hintForSyntax(error);
    case '23505':
      if (isMicrobatch(node))
        return `Two rows have the same key, in one batch or in two. Group by it, or add the column that tells the rows apart, maybe ${identifier(node.batch.eventTime)}, to unique_key. If it has moved out of a batch that nothing builds again (its source has been pruned, or full_refresh is false), delete it there.`;
      return `Two rows have the same key. Group by it, or add the column that tells the rows apart to unique_key.`;
    case '23503':
      if (/^\s*delete\b/i.test(error.sql)) return hintForReferenced(node);
      return `A row points at one that is not there. Build what it points at first: datacycle build --select +${node.name}`;
    case '2BP01':
      return `Something else depends on ${identifier(node.relation.name)}; nothing is dropped with cascade. Drop or change the dependent object first.`;
    case '42P01': {
      const missing = missingOf(error, manifest);
      const audits = manifest.index.audits.get(node.id) ?? [];
      const named = [...node.reads, ...node.dependsOn, ...audits.flatMap(({ dependsOn }) => dependsOn)];
      if (missing !== undefined && !named.includes(missing.id))
        return missing.kind === 'source'
          ? missingSource(missing)
          : `It is what ${missing.name} is built as. Write {{ref "${missing.name}"}}, so that it is built before ${node.name}.`;
      if (missing?.kind === 'seed') return 'Run `datacycle seed` first: it creates the tables of seeds/.';
      const candidates = missing === undefined ? node.reads.map((id) => manifest.nodes.get(id)) : [missing];
      const source = candidates.find((one) => one?.kind === 'source');
      return source?.kind === 'source'
        ? missingSource(source)
        : missing === undefined
          ? nobodys
          : `Build what it reads first: datacycle build --select +${node.name}`;
    }
    case '42701':
      return 'Two columns of the query have this name: give one of them another by `as`, or name the columns instead of `*`.';
    case '42P07':
      return 'Indexes share one set of names with tables and views of their schema, and a table that was renamed keeps those of its indexes. Rename what has the name, e.g. alter index ... rename to ..., and run again.';
    case '53200':
      return partitioningOf(node)?.granularity === 'day'
        ? 'Every partition takes a lock. Set granularity: month, or raise max_locks_per_transaction of the server.'
        : undefined;
    case '3F000': {
      const source = node.reads.map((id) => manifest.nodes.get(id)).find((one) => one?.kind === 'source');
      return source?.kind === 'source' ? missingSource(source) : undefined;
    }
    default:
      return undefined;
  }
}
