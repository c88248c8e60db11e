import type { RelationName } from '../../warehouse/quote.ts';
import type { BiMeasure, BiModel } from '../project/properties-schema.ts';

/** The types that Power BI handles well; what a model has besides is cast or refused. */
export type BiType = 'bigint' | 'double precision' | 'numeric' | 'date' | 'timestamp' | 'text' | 'boolean';

/** One column of a view that Power BI reads. */
export interface ExposedColumn {
  /** What people read; the name in the view. */
  readonly name: string;
  /** The column of the model that it shows; two of them may show one (UTC and local time). */
  readonly source: string;
  readonly type: BiType;
  /** As PostgreSQL prints it, e.g. `numeric(10,4)`. */
  readonly sqlType: string;
  readonly description: string;
  readonly format: string | undefined;
  readonly hidden: boolean;
  readonly summarize: 'none' | 'sum' | 'average' | 'min' | 'max' | 'count';
  readonly folder: string | undefined;
  /** The name in the view of the column whose order this one has. */
  readonly sortBy: string | undefined;
}

/** A foreign key between two exposed models, by the names that their views use. */
export interface ExposedReference {
  readonly column: string;
  readonly toExposure: string;
  readonly toColumn: string;
}

/** A model as Power BI sees it. */
export interface Exposure {
  /** What people read; the view's name. */
  readonly name: string;
  /** The id of the model's node. */
  readonly model: string;
  /** The id of the view's node. */
  readonly id: string;
  readonly view: RelationName;
  readonly description: string;
  readonly kind: BiModel['kind'];
  /** The name of the model that gives access to its rows in the database; undefined where all may read them. */
  readonly guardedBy: string | undefined;
  readonly columns: readonly ExposedColumn[];
  /** The name in the view of the model's one-column primary key. */
  readonly key: string | undefined;
  readonly references: readonly ExposedReference[];
  /** The name in the view of the key, of the day or minute, by which Power BI fetches piece by piece; undefined: all at once. */
  readonly refreshBy: string | undefined;
  readonly measures: readonly BiMeasure[];
}
