import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { SourceTexts } from '../text/errors.ts';

/** Where unit tests run. */
export type UnitTestPlace = 'embedded' | 'target';

export interface UnitTestOptions {
  readonly manifest: Manifest;
  readonly root: string;
  readonly sourceText: SourceTexts;
  /** Asked for the columns of sources that declare none. */
  readonly target: Warehouse;
  /** Where a query is run. Tests of several runs are always run in the embedded database. */
  readonly on: UnitTestPlace;
  /** Session settings: the values of secrets. */
  readonly settings: Readonly<Record<string, string>>;
}
