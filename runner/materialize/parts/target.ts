import type { Column } from '../../database/catalog.ts';
import type { RowSecurity } from '../../manifest/manifest.ts';
import type { Place } from '../../text/place.ts';
import type { SqlText } from '../../text/sql-text.ts';
import type { Access } from './row-security.ts';
import type { Explain } from './step.ts';
import type { Structure } from './structure.ts';
import type { SurrogateKey } from './surrogate-key.ts';

/** `place`: where its type is declared. */
export type SeedColumn = Column & { readonly place?: Place | undefined };

/** A column of the staged rows, with the type that it has in the table. */
export type TakenColumn = Column & {
  /** The staged rows have another type, as `on_schema_change: ignore` allows. */
  readonly isCast?: boolean | undefined;
  /** That type. */
  readonly yields?: string | undefined;
};

/** Those of the staged rows' columns that a table has. */
export function takenColumns(table: readonly Column[], yields: readonly Column[]): TakenColumn[] {
  const types = new Map(table.map(({ name, type }) => [name, type]));
  return yields.flatMap((column) => {
    const type = types.get(column.name);
    if (type === undefined) return [];
    return [type === column.type ? column : { name: column.name, type, isCast: true, yields: column.type }];
  });
}

/** A table to be filled from a query. */
export interface TableTarget extends Structure {
  readonly model: string;
  /** Columns whose difference alone does not make a row a changed one. */
  readonly auditColumns: readonly string[];
  readonly key: SurrogateKey | undefined;
  readonly merge: MergeSettings;
  /** A publication of the database publishes updates or deletes, perhaps those of this table. */
  readonly isPublished?: boolean | undefined;
  readonly rowSecurity: RowSecurity | undefined;
  /** Known where the table has row security. */
  readonly access: Access | undefined;
}

/** What an increment does to existing rows. */
export interface MergeSettings {
  /** The only columns that are taken over; undefined: all. */
  readonly update: readonly string[] | undefined;
  readonly exclude: readonly string[];
  /** Conditions on `old` and `new`; a row for which one is not true stays as it is. */
  readonly predicates: readonly SqlText[];
}

/** The rows of a seed's file. */
export interface SeedRows {
  readonly columns: readonly SeedColumn[];
  /** The header and the rows as CSV for COPY; an empty value is NULL. */
  readonly csv: string;
  /** What PostgreSQL's error about a row of it means. */
  readonly explain?: Explain | undefined;
}

/** Where the rows come from: a query, or a COPY into a staging table of the given columns (a seed). */
export type RowSource = { readonly kind: 'query'; readonly sql: SqlText } | ({ readonly kind: 'copy' } & SeedRows);

/** Rows before `bound` are left as they are. */
export interface KeepFrom {
  readonly column: string;
  /** A literal of the column's type. */
  readonly bound: string;
}
