import type { exposureTypes, Owner } from '../project/exposure-schema.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import type { NodeBase } from './test-node.ts';

/** What is made of models outside of the project: a report, a notebook, an application. Nothing builds it. */
export interface ExposureNode extends NodeBase {
  readonly kind: 'exposure';
  readonly materialized?: undefined;
  readonly type: (typeof exposureTypes)[number];
  /** What people read; the name where none is given. */
  readonly label: string;
  readonly maturity: 'low' | 'medium' | 'high' | undefined;
  readonly url: string | undefined;
  readonly owner: Owner | undefined;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

/** A query that is compiled and that nothing runs. */
export interface AnalysisNode extends NodeBase {
  readonly kind: 'analysis';
  readonly materialized?: undefined;
  readonly sql: SqlText;
  readonly place: Place;
}

/** Models that belong together, and who answers for them. */
export interface Group {
  readonly name: string;
  readonly description: string;
  readonly owner: Owner;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly place: Place;
}
