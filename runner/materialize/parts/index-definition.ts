import { identifier, identifiers } from '../../../warehouse/quote.ts';
import type { IndexConfig } from '../../project/config.ts';
import type { Place } from '../../text/place.ts';
import { SqlText } from '../../text/sql-text.ts';

/** An index, and where it is declared. */
export interface Index extends Omit<IndexConfig, 'expressions' | 'where'> {
  readonly expressions?: readonly SqlText[] | undefined;
  readonly where?: SqlText | undefined;
  readonly place: Place | undefined;
}

/** What an index is, apart from its name: `on "gold"."rooms" using btree ("room")`. */
export function indexOn(table: string, index: Index): SqlText {
  // An expression is used as written; brackets around a function call do no harm.
  const keys = [
    ...(index.columns ?? []).map(identifier),
    ...(index.expressions ?? []).map((one) => SqlText.join('(', one, ')')),
  ];
  const include = index.include === undefined ? '' : ` include (${identifiers(index.include)})`;
  const where = index.where === undefined ? [] : [' where ', index.where];
  return SqlText.join(
    `on ${table} using ${index.type ?? 'btree'} (`,
    SqlText.list(keys, ', '),
    `)${include}`,
    ...where,
  );
}

/** The readable part of an index's name. */
export function indexColumns({ columns = [], expressions }: Index): string {
  return [...columns, ...(expressions === undefined ? [] : ['expr'])].join('_');
}
