import type { exportFormats, exposureTypes, Owner } from '../project/exposure-schema.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import type { NodeBase } from './test-node.ts';

/** What is made of models outside of the project: a report, a notebook, an application. Nothing builds it. */
export interface ExposureNode extends NodeBase {
  readonly kind: 'exposure';
  readonly materialized?: undefined;
  /** `export`: files that `exports` of project.yml describes; the others are declared in .yml files. */
  readonly type: (typeof exposureTypes)[number] | 'export';
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

/** Where the files of an export go. */
export type ExportDestination =
  /** A folder as project.yml has it. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A folder on the sFTP server whose settings begin with `server`. */
  | { readonly kind: 'sftp'; readonly path: string; readonly server: string }
  /** Objects of a bucket whose keys begin with `prefix`, which is empty or ends with a slash. */
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

/** When the watcher exports: once a day at a time of the machine's clock, or again and again. */
export type ExportSchedule =
  | { readonly at: { readonly hour: number; readonly minute: number } }
  | { readonly everySeconds: number };

/** Rows that are written as files for others. */
export interface Export {
  readonly name: string;
  readonly description: string;
  /** The query whose rows are exported. */
  readonly sql: SqlText;
  /** The ids of the nodes that it reads. */
  readonly dependsOn: readonly string[];
  /** The id of the model or seed of which it is, where it is of one. */
  readonly model: string | undefined;
  readonly destination: ExportDestination;
  readonly format: (typeof exportFormats)[number];
  readonly partitionBy: readonly string[];
  /** Whether the columns of `partitionBy` are in the files, too. */
  readonly isInFiles: boolean;
  readonly changedBy: string | undefined;
  readonly schedule: ExportSchedule | undefined;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly place: Place;
}
