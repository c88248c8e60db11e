import type { RelationName } from '../../../warehouse/quote.ts';
import type { Project } from '../../project/project.ts';
import { HelperError, type Template, type TemplateEnvironment } from '../../template/template.ts';
import type { Problem } from '../../text/errors.ts';
import type { Unnamed } from './context.ts';
import { attempt } from './draft.ts';
import { modelHelpers, newRecord, type Resolver } from './model-language.ts';
import { targetContext } from './render-context.ts';

/** Macros of a project that decide how relations are called, and the parameter in which each gets what a setting says. */
const deciding = {
  schema: { macro: 'generate_schema_name', parameter: 'custom_schema_name' },
  alias: { macro: 'generate_alias_name', parameter: 'custom_alias_name' },
} as const;

/**
 * Names the relations of models and seeds. Without a macro that decides, a schema is what the setting says, after the target's own
 * where it has one; a target without one has `public` and, for seeds, `seeds`.
 *
 * | setting | target without schema | target with schema `dev` |
 * |---|---|---|
 * | `gold` | `gold` | `dev_gold` |
 * | none | `public`, of a seed `seeds` | `dev`, of a seed `dev_seeds` |
 *
 * @param macros the names of the project's macros. @param problems gets the faults of a macro, once for each node.
 */
export function relationNamer(
  project: Project,
  environment: TemplateEnvironment,
  macros: ReadonlySet<string>,
  problems: Problem[],
): (of: Unnamed) => RelationName {
  const templates = Object.fromEntries(
    Object.entries(deciding).flatMap(([key, { macro }]) => {
      if (!macros.has(macro)) return [];
      // It sees the whole context, so that it need not use every argument.
      const text = `{{> ${macro}}}`;
      let template: Template | undefined;
      attempt(problems, () => {
        template = environment.parse({ path: 'project.yml', text });
      });
      return [[key, template]];
    }),
  );
  const decided = (key: keyof typeof deciding, custom: string | undefined, of: Unnamed): string | undefined => {
    const template = templates[key];
    if (template === undefined) return undefined;
    const context = {
      ...targetContext(project),
      [deciding[key].parameter]: custom ?? null,
      node: { ...of, resource_type: of.kind, path: of.file, tags: of.config.tags ?? [], meta: of.config.meta ?? {} },
    };
    let name: string | undefined;
    attempt(problems, () => {
      name = template.render(modelHelpers(project, 'full', nothing, newRecord()), context).trim().text;
    });
    return name;
  };
  return (of) => {
    const custom = of.config.schema ?? (of.kind === 'seed' ? 'seeds' : undefined);
    return {
      schema:
        of.config.target_schema ?? decided('schema', of.config.schema, of) ?? schemaIn(project.target.schema, custom),
      name: decided('alias', of.config.alias, of) ?? of.config.alias ?? of.name,
    };
  };
}

const refuse = () => {
  throw new HelperError(
    'there is no relation yet that it could name',
    'A macro that names relations sees names and settings.',
  );
};

const nothing: Resolver = { ref: refuse, source: refuse, upstream: refuse, bound: () => undefined };

/** The schema of a target for what is to be in `custom`. */
export function schemaIn(own: string | undefined, custom: string | undefined): string {
  if (own === undefined) return custom ?? 'public';
  return custom === undefined ? own : `${own}_${custom}`;
}
