import type { Column } from '../resource/resource.ts';

/** How a column is compared with a value, and PostgreSQL's operator for it. */
export const operators = {
  eq: '=',
  ne: 'is distinct from',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
} as const;

/** A condition on rows; those of a request hold all at once. `values` are never empty. */
export type Filter =
  | {
      readonly kind: 'compare';
      readonly column: Column;
      readonly operator: keyof typeof operators;
      readonly value: string;
    }
  | { readonly kind: 'in'; readonly column: Column; readonly values: readonly string[] }
  | { readonly kind: 'null'; readonly column: Column; readonly isNull: boolean };

export const formats = ['json', 'csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof formats)[number];

/** A request, checked. */
export interface Asked {
  readonly filters: readonly Filter[];
  /** What is shown, in this order. */
  readonly columns: readonly Column[];
  /** `all`: page after page, as a stream. */
  readonly limit: number | 'all';
  readonly order: 'asc' | 'desc';
  /** The values of the order's columns in the last row that was sent; undefined at the beginning. */
  readonly after: readonly string[] | undefined;
  /** Undefined: as the header Accept says. */
  readonly format: Format | undefined;
}
