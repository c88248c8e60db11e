import { artifactMetadata } from '../../runner/selection/manifest-file.ts';
import type { Described } from './relations.ts';

/** target/catalog.json by dbt's schema catalog v1, which allows no keys but its own. */
export interface CatalogFile {
  readonly metadata: object;
  /** Models, seeds and snapshots by their unique ids. */
  readonly nodes: Readonly<Record<string, CatalogTable>>;
  readonly sources: Readonly<Record<string, CatalogTable>>;
  readonly errors: null;
}

/** A relation of the catalog. */
export interface CatalogTable {
  readonly unique_id: string;
  readonly metadata: {
    readonly type: string;
    readonly schema: string;
    readonly name: string;
    readonly database: string;
    readonly comment: string | null;
    readonly owner: string;
  };
  readonly columns: Readonly<
    Record<
      string,
      { readonly type: string; readonly index: number; readonly name: string; readonly comment: string | null }
    >
  >;
  readonly stats: Readonly<Record<string, Stat>>;
}

interface Stat {
  readonly id: string;
  readonly label: string;
  readonly value: boolean | number;
  /** Whether whoever shows the catalog is to show it. */
  readonly include: boolean;
  readonly description: string;
}

/** When and by which run a catalog was made. */
export interface CatalogRun {
  readonly generatedAt: Date;
  readonly startedAt: Date;
  readonly invocationId: string;
}

/** The catalog of relations as the database has them. Pure. */
export function catalogFile(
  relations: readonly Described[],
  { generatedAt, startedAt, invocationId }: CatalogRun,
): CatalogFile {
  const tables = (isSource: boolean) =>
    Object.fromEntries(
      relations.filter(({ wanted }) => wanted.isSource === isSource).map((one) => [one.wanted.id, tableOf(one)]),
    );
  return {
    metadata: {
      ...artifactMetadata('catalog/v1', generatedAt.toISOString(), invocationId),
      invocation_started_at: startedAt.toISOString(),
    },
    nodes: tables(false),
    sources: tables(true),
    errors: null,
  };
}

/** The kinds of relation in the words of information_schema, as dbt's catalog has them. */
const types: Readonly<Record<Described['kind'], string>> = {
  table: 'BASE TABLE',
  view: 'VIEW',
  'materialized view': 'MATERIALIZED VIEW',
};

function tableOf({ wanted, kind, database, owner, comment, columns, ...sizes }: Described): CatalogTable {
  const { schema, name } = wanted.relation;
  return {
    unique_id: wanted.id,
    metadata: { type: types[kind], schema, name, database, comment, owner },
    columns: Object.fromEntries(
      columns.map((column, at) => [
        column.name,
        { type: column.type, index: at + 1, name: column.name, comment: column.comment },
      ]),
    ),
    stats: statsOf(sizes),
  };
}

function statsOf({ rows, isEstimate, bytes }: Pick<Described, 'rows' | 'isEstimate' | 'bytes'>): Record<string, Stat> {
  const counted: Stat[] = [];
  const rowsFrom = isEstimate ? "How many rows it has, by the planner's estimate" : 'How many rows it has';
  if (rows !== null)
    counted.push({ id: 'row_count', label: 'Rows', value: rows, include: true, description: rowsFrom });
  const bytesOf = 'How many bytes it takes on disk, with its indexes';
  if (bytes !== null) counted.push({ id: 'bytes', label: 'Bytes', value: bytes, include: true, description: bytesOf });
  const has: Stat = {
    id: 'has_stats',
    label: 'Has Stats?',
    value: counted.length > 0,
    include: false,
    description: 'Whether there are statistics for this relation',
  };
  return Object.fromEntries([...counted, has].map((stat) => [stat.id, stat]));
}
