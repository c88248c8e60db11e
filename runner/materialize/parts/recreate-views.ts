import type { ErrorParts, StatementError } from '../../../warehouse/errors.ts';
import { dollarQuoted, identifier, literal, type RelationName, relation } from '../../../warehouse/quote.ts';
import type { Comments, Preserved, Privileges } from '../../database/attachments.ts';
import type { ModelNode } from '../../manifest/manifest.ts';
import { SqlText } from '../../text/sql-text.ts';
import { describeRelation, withoutComments } from './comments.ts';
import { grantAgain, restoreGrants } from './grants.ts';
import { type Explain, run, type Step } from './step.ts';

/** An existing dependent view, and what is needed to recreate it. */
export interface DependentView extends Privileges {
  readonly kind: 'view' | 'materialized view';
  /** False for a materialized view that was left without rows. */
  readonly populated: boolean;
  readonly relation: RelationName;
  /** The query that it is to be made of. */
  readonly sql: SqlText;
  /** As PostgreSQL keeps them, e.g. `security_invoker=true`. */
  readonly options: readonly string[];
  /** The names of the recreated view's columns. */
  readonly columns: readonly string[];
  /** Values that an insert takes for columns it does not name. */
  readonly defaults: readonly { readonly column: string; readonly expression: string }[];
  /** Its triggers, and the statements that create them again. */
  readonly triggers: readonly { readonly name: string; readonly statements: readonly string[] }[];
  /** Statements that make the indexes of a materialized view. */
  readonly indexes: readonly SqlText[];
  /** Statements that restore the rest, after all others: only the recreated view shows which columns it has. */
  readonly whereItFits?: readonly SqlText[];
  /** The model that it is, if the project makes it. */
  readonly model: Pick<ModelNode, 'name' | 'description' | 'columns' | 'config'> | undefined;
  readonly comments: Comments | undefined;
  /** Whether the model's SQL is that of which the view was made. */
  readonly isAsBuilt: boolean;
}

/**
 * Drops views before `steps` and recreates them afterwards, in the same transaction: PostgreSQL changes or drops nothing that a view
 * shows. Views that read others are dropped first.
 * ```sql
 * drop view v; <steps>; create view v as ...; grant select on table v to ...; comment on view v is ...;
 * ```
 * @param views each after those that it reads.
 */
export function recreateViews(views: readonly DependentView[], steps: readonly Step[]): Step[] {
  if (steps.length === 0) return [];
  return [...[...views].reverse().map(drop), ...steps, ...views.flatMap(create)];
}

function drop({ kind, relation: name }: DependentView): Step {
  const on = relation(name);
  return { kind: 'run', sql: new SqlText(`drop ${kind} ${on}`), explain: stillNeeded(`the ${kind} ${spell(name)}`) };
}

function create(view: DependentView): Step[] {
  const { kind, relation: name, options, sql, model, comments } = view;
  const on = relation(name);
  const settings = options.map((one) => one.replace(/=(.*)$/s, (_, value) => ` = ${optionValue(value)}`)).join(', ');
  const how = `create ${kind} ${on} ${settings === '' ? '' : `with (${settings}) `}as\n`;
  const data = kind === 'materialized view' && !view.populated ? '\nwith no data' : '';
  const described = { relation: name, description: '', columns: [], config: {}, ...model };
  const created = withoutComments(
    kind,
    view.columns.map((column) => ({ name: column })),
  );
  return [
    { kind: 'run', sql: SqlText.join(how, sql, data), explain: doesNotFit(view) },
    ...view.defaults.map((one) => run(setDefault(name, one))),
    ...view.indexes.map((index): Step => ({ kind: 'run', sql: index, explain: doesNotFit(view) })),
    ...view.triggers.flatMap(({ statements }) =>
      statements.map((one): Step => ({ kind: 'run', sql: new SqlText(one), explain: doesNotFit(view) })),
    ),
    ...restoreGrants(name, view, view.columns),
    ...describeRelation(described, created, comments),
    ...(view.whereItFits ?? []).map((one): Step => ({ kind: 'run', sql: one, explain: doesNotFit(view) })),
    ...(kind === 'materialized view' && view.populated ? [run(`analyze ${on}`)] : []),
    // Its rows may have changed, and they are not counted; it reads what is there now.
    ...(kind === 'materialized view' && model !== undefined
      ? [
          run(
            `update datacycle.model set generation = generation + 1, rows_version = rows_version + 1, upstream_shape = null where model = ${literal(model.name)}`,
          ),
        ]
      : []),
  ];
}

/**
 * Statements that restore what was created by hand on a view, each only if the view still has all the columns that it names:
 * ```sql
 * do $$ if <v has the columns> then execute 'grant select ("room") on table v to reader'; end if; $$
 * ```
 */
export function preservedWhereItFits(
  name: RelationName,
  { indexes, columnGrants, defaults }: Preserved & Pick<DependentView, 'defaults'>,
  comments: Comments,
): readonly SqlText[] {
  const on = relation(name);
  const texts = [...comments.columns].flatMap(([column, text]) =>
    text === null
      ? []
      : [whereItHas(name, [column], `comment on column ${on}.${identifier(column)} is ${literal(text).trim()}`)],
  );
  return [
    ...defaults.map((one) => whereItHas(name, [one.column], setDefault(name, one))),
    ...indexes.map(({ columns, definition }) => whereItHas(name, columns, definition)),
    ...columnGrants.map((grant) => whereItHas(name, [grant.column], grantAgain(name, grant))),
    ...texts,
  ];
}

function setDefault(name: RelationName, { column, expression }: DependentView['defaults'][number]): string {
  return `alter view ${relation(name)} alter column ${identifier(column)} set default ${expression}`;
}

function whereItHas({ schema, name }: RelationName, columns: readonly string[], statement: string): SqlText {
  return new SqlText(
    `do ${dollarQuoted(`begin
    if array[${columns.map(literal).join(', ')}]::text[] <@ array(
        select attname::text
        from pg_attribute
        where attrelid = ${literal(relation(schema, name))}::regclass
            and not attisdropped
    ) then
        execute ${literal(statement)};
    end if;
end`)}`,
  );
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

function doesNotFit({ kind, relation: name, model }: DependentView): Explain {
  return (error: StatementError) => {
    // Losing against another session is no fault of the view.
    if (!['22', '23', '42'].includes(error.code.slice(0, 2))) return undefined;
    return {
      what: `the ${kind} ${spell(name)} reads it and could not be made again: ${error.message}`,
      detail: error.detail,
      hint: `Nothing was touched. Change ${model === undefined ? 'the view' : `the model ${model.name}`} so that it fits, or drop the view: drop ${kind} ${relation(name)};`,
    };
  };
}

function spell({ schema, name }: RelationName): string {
  return `${schema}.${name}`;
}
