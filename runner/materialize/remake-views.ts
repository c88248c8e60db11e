import type { ErrorParts, StatementError } from '../../warehouse/errors.ts';
import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Comments, Privileges } from '../belongings.ts';
import type { ModelNode, RelationName } from '../manifest.ts';
import { SqlText } from '../sql-text.ts';
import { describeRelation, withoutComments } from './comments.ts';
import { restoreGrants } from './grants.ts';
import { type Explain, run, type Step } from './step.ts';

/** A view that stands and what it takes to make it again. */
export interface StandingView extends Privileges {
  readonly kind: 'view' | 'materialized view';
  /** False for a materialized view that was left without rows. */
  readonly populated: boolean;
  readonly relation: RelationName;
  /** The query that it is to be made of. */
  readonly sql: SqlText;
  /** As PostgreSQL keeps them, e.g. `security_invoker=true`. */
  readonly options: readonly string[];
  /** The names that its columns are to have. */
  readonly columns: readonly string[];
  /** Values that an insert takes for columns it does not name. */
  readonly defaults: readonly { readonly column: string; readonly expression: string }[];
  /** Statements that make the indexes of a materialized view. */
  readonly indexes: readonly SqlText[];
  /** The model that it is, if the project makes it. */
  readonly model: Pick<ModelNode, 'name' | 'description' | 'columns' | 'config'> | undefined;
  readonly comments: Comments | undefined;
}

/**
 * PostgreSQL changes or drops nothing that a view shows. So the views in the way go before `steps`, those that read others
 * first, and come back behind them as they were, in the same transaction.
 * @param views each behind those that it reads.
 */
export function remakeViews(views: readonly StandingView[], steps: readonly Step[]): Step[] {
  if (steps.length === 0) return [];
  return [...[...views].reverse().map(drop), ...steps, ...views.flatMap(create)];
}

function drop({ kind, relation: name }: StandingView): Step {
  const on = relation(name.schema, name.name);
  return { kind: 'run', sql: new SqlText(`drop ${kind} ${on}`), explain: stillNeeded(`the ${kind} ${spell(name)}`) };
}

function create(view: StandingView): Step[] {
  const { kind, relation: name, options, sql, model, comments } = view;
  const on = relation(name.schema, name.name);
  const settings = options.map((one) => one.replace(/=(.*)$/s, (_, value) => ` = ${optionValue(value)}`)).join(', ');
  const how = `create ${kind} ${on} ${settings === '' ? '' : `with (${settings}) `}as\n`;
  const data = kind === 'materialized view' && !view.populated ? '\nwith no data' : '';
  const described = { relation: name, description: '', columns: [], config: {}, ...model };
  const made = withoutComments(
    kind,
    view.columns.map((column) => ({ name: column })),
  );
  return [
    { kind: 'run', sql: SqlText.join(how, sql, data), explain: doesNotFit(view) },
    ...view.defaults.map(({ column, expression }) =>
      run(`alter view ${on} alter column ${identifier(column)} set default ${expression}`),
    ),
    ...view.indexes.map((index): Step => ({ kind: 'run', sql: index, explain: doesNotFit(view) })),
    ...restoreGrants(name, view, view.columns),
    ...describeRelation(described, made, comments),
    ...(kind === 'materialized view' && view.populated ? [run(`analyze ${on}`)] : []),
    // Its rows are others now, and nobody has counted which.
    ...(kind === 'materialized view' && model !== undefined
      ? [run(`update datacycle.model set generation = generation + 1 where model = ${literal(model.name)}`)]
      : []),
  ];
}

function optionValue(value: string): string {
  return /^\w+$/.test(value) ? value : literal(value).trim();
}

/** The error where something that cannot be made again depends on what has to go. */
export function stillNeeded(what: string): Explain {
  return (error): ErrorParts | undefined => {
    if (error.code !== '2BP01') return undefined;
    return {
      what: `${what} would have to go and come back, but other objects depend on it`,
      detail: error.detail,
      hint: 'Nothing was touched, and nothing is dropped with cascade. Drop or change those objects first; datacycle makes views again, and nothing else.',
    };
  };
}

function doesNotFit({ kind, relation: name, model }: StandingView): Explain {
  return (error: StatementError) => {
    // Losing against another session is no fault of the view.
    if (!['22', '23', '42'].includes(error.code.slice(0, 2))) return undefined;
    return {
      what: `the ${kind} ${spell(name)} reads it and could not be made again: ${error.message}`,
      detail: error.detail,
      hint: `Nothing was touched. Change ${model === undefined ? 'the view' : `the model ${model.name}`} so that it fits, or drop the view: drop ${kind} ${relation(name.schema, name.name)};`,
    };
  };
}

function spell({ schema, name }: RelationName): string {
  return `${schema}.${name}`;
}
