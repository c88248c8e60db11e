import { HelperError } from '../template/template.ts';
import { type Problem, ProjectError } from '../text/errors.ts';
import type { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import type { CompileContext } from './draft/context.ts';
import { type Mode, modelHelpers, newRecord } from './draft/model-language.ts';
import { modelContext } from './draft/render-context.ts';
import { actingResolver } from './hook-template.ts';

/** The SQL of a macro that acts, and what the macro tells by {{log}} and {{warn}}. */
export interface Operation {
  /** Any number of statements, with placeholders for what only a run knows. */
  readonly sql: SqlText;
  readonly notices: readonly Problem[];
}

/** The file that messages name for the call of the macro. */
const file = 'run-operation';

/**
 * Renders a macro with the arguments that it is given, as SQL that is run by itself.
 * @param args by their names; of any type that YAML has.
 * @throws ProjectError if there is no such macro, or if it does not take or lacks an argument.
 */
export function compileOperation(
  context: CompileContext,
  macro: string,
  args: Readonly<Record<string, unknown>>,
): Operation {
  const names = context.project.macros.map(({ path }) => path.replace(/^.*\/|\.sql$/g, ''));
  if (!names.includes(macro))
    throw new ProjectError([{ what: `there is no macro "${macro}"`, hint: didYouMean(macro, names) ?? hintOf(names) }]);
  const odd = Object.keys(args).find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (odd !== undefined)
    throw new ProjectError([
      {
        what: `--args: "${odd}" cannot be the name of an argument`,
        hint: 'Names are of letters, digits and underscores.',
      },
    ]);
  const given = Object.keys(args).map((name) => ` ${name}=args.${name}`);
  const template = context.environment.parse({ path: file, text: `{{> ${macro}${given.join('')}}}` });
  const record = newRecord();
  const mode: Mode = 'full';
  const helpers = modelHelpers(context.project, mode, actingResolver(context, new Set()), record);
  const no = (helper: string) => () => {
    throw new HelperError(`{{${helper}}} cannot be used in an operation`, 'There is no model that it could be of.');
  };
  const sql = template.render(
    { ...helpers, config: no('config'), incremental: no('#incremental'), high_water: no('high_water') },
    { ...modelContext(context.project, undefined), args },
  );
  return { sql: sql.trim(), notices: record.notices };
}

function hintOf(names: readonly string[]): string {
  return names.length === 0 ? 'Macros are the files of macros/.' : `There are ${names.slice(0, 10).join(', ')}.`;
}
