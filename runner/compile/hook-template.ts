import { HelperError, type Template } from '../template/template.ts';
import { type Problem, ProjectError } from '../text/errors.ts';
import { oneStatement } from '../text/one-statement.ts';
import { formatPlace, type Place } from '../text/place.ts';
import { offsetIn, type SqlText } from '../text/sql-text.ts';
import { sqlTokens } from '../text/sql-tokens.ts';
import type { CompileContext, Draft } from './draft/context.ts';
import { type Mode, modelHelpers, newRecord, type Resolver } from './draft/model-language.ts';
import { modelContext } from './draft/render-context.ts';
import { resolverFor, versionedName } from './draft/resolve.ts';

/** A hook as it is written in a .yml, in project.yml or in a model's call of config. */
export interface HookSource {
  /** For messages: `pre_hook`. */
  readonly name: string;
  readonly written: SqlText;
  /** What {{this}} is; undefined where there is no model. */
  readonly own: Draft | undefined;
  /** What may not be in it, and why. */
  readonly refuses: {
    readonly incremental?: string;
    readonly transactionControl?: string;
    /** What to do instead of changing the session, which other models use after this one. */
    readonly session: string;
  };
}

/**
 * Renders a hook's SQL, a template like a model's, in one or both of a model's forms. Its characters know their places.
 * @param used collects the ids of the nodes that it names.
 * @throws ProjectError with places in the hook's file.
 */
export function renderHook(
  context: CompileContext,
  source: HookSource,
  modes: readonly Mode[],
  used: Set<string>,
): readonly SqlText[] {
  const { written, name } = source;
  const start = written.placeAt(0);
  // No file, but what places in the template are counted in until they are translated.
  const path = `${name} at ${start === undefined ? '?' : formatPlace(start)}`;
  const translated = (problem: Problem): Problem => {
    const { place } = problem;
    if (place === undefined || place.file !== path) return problem;
    const at = written.placeAt(offsetIn(written.text, place)) ?? start;
    return { ...problem, what: `${name}: ${problem.what}`, place: at };
  };
  try {
    const template = context.environment.parse({ path, text: written.text });
    return modes.map((mode) => {
      const sql = render(context, source, template, mode, used).placedAt(path, written).trim();
      const statement = oneStatement(sql, 'a hook', 'statement');
      refuseSideEffects(source, statement);
      return statement;
    });
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    throw new ProjectError(error.problems.map(translated));
  }
}

/** The resolver of SQL that is run by itself: it names only what is in the database. @param used collects ids. */
export function actingResolver(context: CompileContext, used: Set<string>): Resolver {
  const { drafts, properties } = context;
  const shared = resolverFor(context, used);
  return {
    ...shared,
    ref(name, filter, version) {
      if (drafts.get(versionedName(properties, name, version))?.config.materialized !== 'ephemeral')
        return shared.ref(name, filter, version);
      throw new HelperError(
        `the model "${name}" is ephemeral: there is nothing in the database that could be named`,
        'Materialize it as a view.',
      );
    },
  };
}

function render(
  context: CompileContext,
  { own, refuses }: HookSource,
  template: Template,
  mode: Mode,
  used: Set<string>,
): SqlText {
  const { project } = context;
  const helpers = modelHelpers(project, mode, actingResolver(context, used), newRecord());
  const no = (helper: string, hint: string) => () => {
    throw new HelperError(`{{${helper}}} cannot be used in a hook`, hint);
  };
  return template.render(
    {
      ...helpers,
      config: no('config', 'Settings belong to the model.'),
      high_water: no('high_water', 'What is new is for the model to tell; {{#incremental}} says which form is built.'),
      ...(refuses.incremental === undefined ? {} : { incremental: no('#incremental', refuses.incremental) }),
    },
    modelContext(project, own),
  );
}

const control = new Set(['abort', 'begin', 'commit', 'end', 'rollback', 'start', 'savepoint', 'release']);
/** What is set in these words ends with the transaction. */
const ofTransaction = new Set(['local', 'constraints', 'transaction']);

function refuseSideEffects({ name, own, refuses }: HookSource, statement: SqlText): void {
  const tokens = [...sqlTokens(statement.text)].filter(({ kind }) => kind !== 'blank' && kind !== 'comment');
  const [first] = tokens;
  if (first === undefined) return;
  const [word = '', second = '', ...others] = tokens.slice(0, 5).map(({ text }) => text.toLowerCase());
  const refuse = (what: string, hint: string): never => {
    const place: Place | undefined = statement.placeAt(first.start);
    throw new ProjectError([{ what: `${name}: ${what}`, place, hint }]);
  };
  if (refuses.transactionControl !== undefined && control.has(word))
    refuse(`${first.text} would end the transaction that it is in`, refuses.transactionControl);
  if ((word === 'set' && !ofTransaction.has(second)) || word === 'reset' || word === 'discard')
    refuse(`${first.text} would change the connection for whatever runs on it next`, refuses.session);
  // PostgreSQL finds a new name each time, and what hooks are run on stays.
  const index = [second, ...others].filter((one) => one !== 'unique' && one !== 'concurrently');
  if (own !== undefined && word === 'create' && index[0] === 'index' && index[1] === 'on')
    refuse(
      'an index without a name would be made once more by every run',
      'Declare it under indexes, or name it: create index if not exists ... on ...',
    );
}
