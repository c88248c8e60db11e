import { normalType } from '../../runner/manifest/column-type.ts';

/** What a column's values are to whoever reads them. `other` has no filters. */
export const kinds = [
  'boolean',
  'integer',
  'number',
  'text',
  'uuid',
  'date',
  'timestamp',
  'timestamptz',
  'json',
  'other',
] as const;
export type Kind = (typeof kinds)[number];

/** The kind of a column by its declared type, as a .yml or PostgreSQL spells it. */
export function kindOf(type: string): Kind {
  const normal = normalType(type).replace(/\([\d,-]*\)/, '');
  switch (normal) {
    case 'boolean':
    case 'text':
    case 'uuid':
    case 'date':
      return normal;
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 'integer';
    case 'real':
    case 'double precision':
    case 'numeric':
      return 'number';
    case 'character varying':
      return 'text';
    case 'timestamp without time zone':
      return 'timestamp';
    case 'timestamp with time zone':
      return 'timestamptz';
    case 'json':
    case 'jsonb':
      return 'json';
    default:
      return 'other';
  }
}

/** The type of PostgreSQL to which a value for a column of this kind is cast; undefined where nothing is compared. */
export function castOf(kind: Kind, type: string): string | undefined {
  switch (kind) {
    case 'boolean':
    case 'text':
    case 'uuid':
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return kind;
    case 'integer':
      return 'bigint';
    case 'number':
      return normalType(type).startsWith('numeric') ? 'numeric' : 'double precision';
    case 'json':
    case 'other':
      return undefined;
    default:
      return kind satisfies never;
  }
}
