import { identifier } from '../../warehouse/quote.ts';
import { nameInId } from '../manifest/node-id.ts';
import type { BatchWindow, Moment } from '../state/batch-windows.ts';
import { NodeError } from '../text/errors.ts';
import type { SqlText } from '../text/sql-text.ts';

/**
 * The query of one batch.
 * @param typeOf the type of an upstream's column, as PostgreSQL spells it.
 * @throws NodeError for a column whose type is no date or time.
 */
export function forBatch(sql: SqlText, window: BatchWindow, typeOf: (id: string, column: string) => string): SqlText {
  return sql.fill((hole, { start }) => {
    if (hole.kind === 'batch_bound') return `timestamptz '${hole.which === 'start' ? window.from.at : window.to.at}'`;
    if (hole.kind !== 'batch_filter') return undefined;
    const { id, column } = hole;
    const type = typeOf(id, column);
    const [from, to] = [boundLiteral(type, window.from), boundLiteral(type, window.to)];
    const at = identifier(column);
    if (from !== undefined && to !== undefined) return `where ${at} >= ${from} and ${at} < ${to}`;
    throw new NodeError({
      what: `${nameInId(id)}: event_time "${column}" is of type ${type}`,
      place: sql.placeAt(start),
      hint: `It must be a column of type ${batchTypes.join(', ')}; or read all of its rows: filter=false.`,
    });
  });
}

/** For a date, the first day that begins at or after the bound; for a whole number, its key, YYYYMMDD or YYYYMMDDHHMM. */
const literals: Readonly<Record<string, (moment: Moment) => string>> = {
  'timestamp with time zone': ({ at }) => `timestamptz '${at}'`,
  'timestamp without time zone': ({ local }) => `timestamp '${local}'`,
  date: ({ local }) => `date '${dayFrom(local)}'`,
  integer: ({ local }) => dayFrom(local).replaceAll('-', ''),
  bigint: ({ local }) => local.slice(0, 16).replaceAll(/\D/g, ''),
};

export const batchTypes = Object.keys(literals);

/**
 * A bound of a batch as a value that a column of this type can be compared with. Types without a zone are read as what the
 * clock of the model's time zone shows. Undefined for a type that is no date or time.
 */
export function boundLiteral(type: string, moment: Moment): string | undefined {
  return literals[type.replace(/^(timestamp)\(\d\)/, '$1')]?.(moment);
}

function dayFrom(local: string): string {
  const day = local.slice(0, 10);
  if (local.endsWith('00:00:00')) return day;
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
