import { identifier, relation } from '../../warehouse/quote.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { Manifest, ModelNode } from '../manifest/manifest.ts';
import type { NamedIn } from './search.ts';
import type { SubjectWords } from './words.ts';

/** Takes a subject's name out of a text, or out of the strings of a JSON text; gives back the same text if it is not there. */
export interface NameRemoval {
  readonly text: (text: string) => string;
  readonly json: (json: string) => string;
}

/** A column whose text may be changed without anything else changing. */
interface FreeColumn {
  readonly name: string;
  readonly type: string;
}

const rowsPerBatch = 1000;

/**
 * Takes the subject's name out of texts in the rows of others, where models are made of `source`, in which it was taken out
 * before: the tables are then as a rebuild would have them. Keys, and what points at keys, stay as they are. One transaction a
 * table.
 * @param named where the subject is named, as {@link searchDatabase} finds it.
 * @returns the tables that were changed, and in how many rows.
 */
export async function removeNames(
  warehouse: Warehouse,
  manifest: Manifest,
  named: readonly NamedIn[],
  words: SubjectWords,
  { source, without }: { readonly source: string; readonly without: NameRemoval },
): Promise<ReadonlyMap<ModelNode, number>> {
  const changed = new Map<ModelNode, number>();
  for (const node of manifest.nodes.values()) {
    if (node.kind !== 'model' || !isMadeOf(node, source, manifest)) continue;
    const { schema, name } = node.relation;
    const columns = named.filter((one) => one.schema === schema && one.table === name).map(({ column }) => column);
    if (columns.length === 0) continue;
    const rows = await warehouse.transaction((session) => removeFrom(session, node, columns, words, without));
    if (rows > 0) changed.set(node, rows);
  }
  return changed;
}

function isMadeOf({ reads }: ModelNode, source: string, manifest: Manifest): boolean {
  return reads.some((id) => {
    const upstream = manifest.nodes.get(id);
    if (upstream?.kind === 'source') return upstream.name === source;
    return upstream?.kind === 'model' && isMadeOf(upstream, source, manifest);
  });
}

async function removeFrom(
  session: Session,
  node: ModelNode,
  named: readonly string[],
  words: SubjectWords,
  without: NameRemoval,
): Promise<number> {
  const columns = (await freeColumns(session, node)).filter(({ name }) => named.includes(name));
  if (columns.length === 0) return 0;
  let changed = 0;
  for (const piece of await piecesOf(session, node))
    changed += await removeFromPiece(session, piece, columns, words, without);
  return changed;
}

/** @param table quoted. */
async function removeFromPiece(
  session: Session,
  table: string,
  columns: readonly FreeColumn[],
  words: SubjectWords,
  without: NameRemoval,
): Promise<number> {
  const texts = columns.map(({ name }) => `t.${identifier(name)}::text`);
  let changed = 0;
  // A changed row moves to the end, where it is met once more.
  for (let after = '(0,0)'; ; ) {
    const { rows } = await session.query<{ at: string; texts: (string | null)[] }>(
      `select t.ctid::text as at, array[${texts.join(', ')}] as texts from ${table} as t
       where t.ctid > $1::tid and (${texts.map((text) => `${text} ~ $2`).join(' or ')})
       order by t.ctid limit ${rowsPerBatch}`,
      [after, words.posix],
    );
    for (const row of rows) {
      after = row.at;
      const clean = row.texts.map((text, index) => {
        const isJson = /^jsonb?$/.test(columns[index]?.type ?? '');
        return text === null ? null : without[isJson ? 'json' : 'text'](text);
      });
      if (clean.every((text, index) => text === row.texts[index])) continue;
      const values = columns.map(({ name, type }, index) => `${identifier(name)} = $${index + 2}::text::${type}`);
      await session.query(`update ${table} set ${values.join(', ')} where ctid = $1::tid`, [row.at, ...clean]);
      changed += 1;
    }
    if (rows.length < rowsPerBatch) return changed;
  }
}

/** The partitions of a table, or the table itself, quoted: the place of a row is one of its piece only. */
async function piecesOf(session: Session, { relation: at }: ModelNode): Promise<readonly string[]> {
  const { rows } = await session.query<{ piece: string }>(
    `select format('%I.%I', n.nspname, c.relname) as piece
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind <> 'p'
         and (c.oid = to_regclass($1) or c.oid in (select relid from pg_partition_tree(to_regclass($1)) where isleaf))
     order by 1`,
    [relation(at)],
  );
  return rows.map(({ piece }) => piece);
}

/** The columns of text and JSON that are in no key and that no other table points at. */
async function freeColumns(session: Session, { relation: at, config }: ModelNode): Promise<readonly FreeColumn[]> {
  const { rows } = await session.query<{ name: string; type: string }>(
    `select a.attname as name, t.typname as type
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     join pg_type as t on t.oid = a.atttypid
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
         and t.typname in ('text', 'varchar', 'json', 'jsonb')
         and not (a.attname::text = any($3::text[]))
         and not exists (
             select from pg_index as i where i.indrelid = c.oid and i.indisunique and a.attnum = any(i.indkey)
         )
         and not exists (
             select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any(k.conkey)
         )`,
    [at.schema, at.name, [...(config.unique_key ?? [])]],
  );
  return rows;
}
