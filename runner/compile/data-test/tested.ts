import type { RelationName } from '../../../warehouse/quote.ts';
import type { Config } from '../../project/config.ts';

/** What a test reads: as it is written in SQL, and as the database knows it, unless it is part of the query itself. */
export interface Tested {
  readonly sql: string;
  /** Undefined for an ephemeral model. */
  readonly relation: RelationName | undefined;
  /** Whether a column that is written like this has its name in just this case. */
  readonly keepsCase: (column: string) => boolean;
}

/** Another node that a test reads. */
export interface Found extends Tested {
  readonly id: string;
  readonly name: string;
}

/** What a test is about. */
export interface TestSubject extends Tested {
  readonly id: string;
  readonly name: string;
  readonly isSource?: boolean | undefined;
  /** The column as the .yml names it; undefined for a test of the whole model. */
  readonly column: string | undefined;
  /** The .yml says that the column's name is to be quoted. */
  readonly quoted?: boolean | undefined;
  /** Why it cannot be audited, if it cannot. */
  readonly unaudited?: string | undefined;
  /** What project.yml says for all tests of its folder. */
  readonly folder?: Config | undefined;
}
