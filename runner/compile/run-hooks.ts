import type { Problem } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import type { CompileContext } from './draft/context.ts';
import { attempt } from './draft/draft.ts';
import { renderHook } from './hook-template.ts';
import { settingsOfTarget } from './hooks.ts';

/** SQL of project.yml that runs before or after everything else of a run. */
export interface RunHook {
  /** For messages: `on-run-start`, `on-run-end 2 of 3`. */
  readonly name: string;
  readonly sql: SqlText;
  readonly place: Place | undefined;
}

export interface RunHooks {
  readonly start: readonly RunHook[];
  readonly end: readonly RunHook[];
}

/** The run hooks of a project; their faults are added to `problems`. */
export function compileRunHooks(context: CompileContext, problems: Problem[]): RunHooks {
  const { settings, settingsFile } = context.project;
  const compile = (name: 'on-run-start' | 'on-run-end', other: 'on_run_start' | 'on_run_end'): RunHook[] => {
    const written = [other, name].flatMap((key) =>
      [settings[key as typeof name] ?? []]
        .flat()
        .map((text, index) =>
          settingsFile.text(text, [key, ...(Array.isArray(settings[key as typeof name]) ? [index] : [])]),
        ),
    );
    return written.flatMap((text, index) => {
      const called = written.length === 1 ? name : `${name} ${index + 1} of ${written.length}`;
      const found: RunHook[] = [];
      attempt(problems, () => {
        const refuses = {
          incremental: 'It says how a model is built; here there is none.',
          transactionControl: 'Each statement here is a transaction of its own.',
          session: settingsOfTarget,
        };
        const source = { name: called, written: text, own: undefined, refuses };
        const [sql] = renderHook(context, source, ['full'], new Set());
        if (sql !== undefined && sql.text !== '') found.push({ name: called, sql, place: text.placeAt(0) });
      });
      return found;
    });
  };
  return { start: compile('on-run-start', 'on_run_start'), end: compile('on-run-end', 'on_run_end') };
}
