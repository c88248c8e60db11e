import { type RelationName, relation } from '../../../warehouse/quote.ts';
import type { Config } from '../../project/config.ts';
import type { Project } from '../../project/project.ts';
import { ownRelation } from '../../template/context.ts';

/** The properties of the model or test that its template can read. */
export interface Own {
  readonly kind: 'model' | 'seed' | 'test';
  readonly name: string;
  readonly id: string;
  readonly file: { readonly path: string };
  readonly config: Config;
  /** Undefined before relations are named, and for a test. */
  readonly relation: RelationName | undefined;
}

/** What `{{target.name}}` and the like say. */
export function targetContext(project: Project): object {
  const { name, schema = 'public', threads = 4 } = project.target;
  return {
    target: {
      name,
      schema,
      threads,
      type: 'postgres',
      profile_name: project.settings.name,
      // Read only where it is asked for, since it comes from a setting that holds a password.
      get dbname() {
        return databaseOf(project);
      },
      get database() {
        return databaseOf(project);
      },
    },
    project_name: project.settings.name,
  };
}

/** The context of a rendering: `{{this}}`, `{{this.schema}}`, `{{target.name}}`, `{{model.name}}`. */
export function modelContext(project: Project, own: Own | undefined): object {
  const named = own?.relation;
  return {
    ...targetContext(project),
    ...(own === undefined ? {} : { model: describe(own) }),
    [ownRelation]:
      own === undefined
        ? undefined
        : {
            schema: named?.schema ?? '',
            name: named?.name ?? '',
            identifier: named?.name ?? '',
            table: named?.name ?? '',
            get database() {
              return databaseOf(project);
            },
          },
    toString: () => (named === undefined ? '' : relation(named)),
  };
}

function describe({ kind, name, id, file, config, relation: named }: Own): object {
  return {
    name,
    unique_id: id,
    resource_type: kind,
    path: file.path,
    original_file_path: file.path,
    schema: named?.schema ?? '',
    alias: named?.name ?? '',
    tags: config.tags ?? [],
    meta: config.meta ?? {},
    group: config.group ?? null,
  };
}

/** The name of the database; that of the embedded one, if DB_URL does not say another. */
function databaseOf({ env }: Project): string {
  try {
    return decodeURIComponent(new URL(env.DB_URL ?? '').pathname.slice(1)) || 'postgres';
  } catch {
    return 'postgres';
  }
}
