import type { RelationName } from '../../../warehouse/quote.ts';
import type { RowSecurity, SourceNode } from '../../manifest/manifest.ts';
import type { RowLimit } from '../../manifest/placeholders.ts';
import type { Config } from '../../project/config.ts';
import type { Project } from '../../project/project.ts';
import type { AllProperties, Properties } from '../../project/properties.ts';
import type { SettingPlaces } from '../../project/setting-places.ts';
import type { Template, TemplateEnvironment } from '../../template/template.ts';
import type { Problem } from '../../text/errors.ts';
import type { SourceFile } from '../../text/source-file.ts';
import type { Recorded } from './model-language.ts';

/** A model or seed whose name and settings are known, but whose SQL is not yet rendered. */
export interface Draft {
  readonly kind: 'model' | 'seed';
  readonly id: string;
  readonly name: string;
  readonly file: SourceFile;
  /** Undefined for a seed, and for a model whose template has a fault: references to it resolve, but it is not compiled. */
  readonly template: Template | undefined;
  readonly properties: Properties | undefined;
  readonly config: Config;
  readonly settings: SettingPlaces;
  readonly relation: RelationName;
  readonly record: Recorded;
  readonly refs: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
}

/** What is known of a model or seed when its relation is named. */
export interface Unnamed {
  readonly kind: 'model' | 'seed';
  readonly name: string;
  readonly file: string;
  readonly config: Config;
}

/** The parts of the project that compiling a piece of SQL needs; shared by models, tests and inline queries. */
export interface CompileContext {
  readonly project: Project;
  readonly environment: TemplateEnvironment;
  readonly properties: AllProperties;
  /** Models and seeds by name. */
  readonly drafts: ReadonlyMap<string, Draft>;
  /** How the relation of a model or seed is called. */
  readonly nameRelation: (of: Unnamed) => RelationName;
  /** What whoever compiles the project should know, though nothing is wrong. */
  readonly notices: Problem[];
  readonly disabled: ReadonlySet<string>;
  readonly sources: ReadonlyMap<string, SourceNode>;
  /** Which rows models read, where not all. */
  readonly rowLimit?: RowLimit | undefined;
  /** By the name of the model it protects. */
  readonly rowSecurity: ReadonlyMap<string, RowSecurity>;
  /** True when a .yml file has a fault, so that what it declares is missing: no reason to complain about that as well. */
  readonly incomplete: boolean;
}
