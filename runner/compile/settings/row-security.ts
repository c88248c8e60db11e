import { normalType } from '../../manifest/column-type.ts';
import type { RowSecurity } from '../../manifest/manifest.ts';
import type { Config } from '../../project/config.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { formatProblem, type Problem } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { CompileContext, Draft } from '../draft/context.ts';

/** Reports what is wrong with the setting or with a part of it. */
type Complain = (what: string, hint: string | undefined, ...inside: readonly ('column' | 'access')[]) => void;

type Declared = Exclude<NonNullable<Config['row_security']>, false>;

/** The column of the model `access` that says whose privileges it takes to see a row. */
const principal = 'principal';

/**
 * Finds the models whose rows are protected, checks what their setting names, and puts them into `found`. Set for a folder
 * it counts for the tables there that declare the column; set for a model, the column has to be there.
 */
export function readRowSecurity(context: CompileContext, found: Map<string, RowSecurity>, problems: Problem[]): void {
  const faults: Problem[] = [];
  for (const draft of context.drafts.values()) {
    const declared = declaredFor(draft);
    if (declared === undefined) continue;
    const complain: Complain = (what, hint, ...inside) =>
      faults.push({ what, hint, place: settingPlace(draft.settings, 'row_security', ...inside) });
    if (!isTable(draft)) {
      const kind = draft.kind === 'seed' ? 'a seed' : `a ${draft.config.materialized ?? 'view'}`;
      complain(
        `${draft.name} is ${kind}, and row_security is for tables`,
        isMaterializedView(draft)
          ? 'PostgreSQL has no policies on a materialized view: it shows everybody all of its rows. Use materialized="table" or "incremental".'
          : 'A view shows everybody just the rows that the tables behind it do. Take it out, or use materialized="table" or "incremental".',
      );
      continue;
    }
    if (context.incomplete) continue;
    const checked = check(draft, declared, context, complain);
    if (checked !== undefined) found.set(draft.name, checked);
  }
  if (faults.length === 0 && !context.incomplete) findOpen(context, found, faults);
  // What is wrong with a folder's setting is said once, not for every model in it.
  problems.push(...new Map(faults.map((fault) => [formatProblem(fault), fault])).values());
}

/** The setting that counts for a model; undefined if none does. */
function declaredFor(draft: Draft): Declared | undefined {
  const declared = draft.config.row_security;
  if (declared === undefined || declared === false) return undefined;
  if (isOwn(draft) || draft.kind === 'seed') return declared;
  return isTable(draft) && typeOf(draft, declared.column) !== undefined ? declared : undefined;
}

function isOwn(draft: Draft): boolean {
  return draft.properties?.value.config?.row_security !== undefined || draft.record.config.row_security !== undefined;
}

function isTable(draft: Draft): boolean {
  const { materialized } = draft.config;
  return draft.kind === 'model' && ['table', 'incremental', 'snapshot'].includes(materialized ?? 'view');
}

function isMaterializedView(draft: Draft): boolean {
  return draft.kind === 'model' && draft.config.materialized === 'materialized_view';
}

/** The declared type of a column, empty if it has none; undefined if there is no such column. */
function typeOf(draft: Draft, name: string): string | undefined {
  const column = draft.properties?.value.columns?.find((one) => one.name === name);
  return column === undefined ? undefined : normalType(column.data_type ?? '');
}

function check(
  draft: Draft,
  { column, access }: Declared,
  { drafts }: CompileContext,
  complain: Complain,
): RowSecurity | undefined {
  const own = typeOf(draft, column);
  if (own === undefined) {
    const columns = draft.properties?.value.columns?.map(({ name }) => name) ?? [];
    complain(
      `${draft.name} declares no column "${column}" for its row_security`,
      didYouMean(column, columns) ?? 'Declare it under columns in its .yml file.',
      'column',
    );
    return undefined;
  }
  const listed = drafts.get(access);
  if (listed === undefined) {
    complain(
      `row_security names the access model "${access}", which is not there`,
      didYouMean(access, drafts.keys()),
      'access',
    );
    return undefined;
  }
  const fault = faultOf(draft, listed, column, own);
  if (fault !== undefined) {
    complain(...fault, 'access');
    return undefined;
  }
  return { column, type: own, name: access, access: listed.relation };
}

/**
 * Whoever reads a schema reads all of it. So where rows are guarded, a table without a guard has to say so, or it may have been
 * left out by mistake.
 */
function findOpen(context: CompileContext, found: ReadonlyMap<string, RowSecurity>, faults: Problem[]): void {
  const guarded = new Map<string, string>();
  for (const draft of context.drafts.values()) {
    const security = found.get(draft.name);
    if (security !== undefined) guarded.set(draft.relation.schema, security.column);
  }
  for (const draft of context.drafts.values()) {
    const column = guarded.get(draft.relation.schema);
    if (column === undefined || found.has(draft.name) || draft.config.row_security === false) continue;
    if (draft.kind !== 'seed' && !isTable(draft) && !isMaterializedView(draft)) continue;
    const what = `${draft.name} would be whole for everybody who reads ${draft.relation.schema}, where rows are guarded by ${column}`;
    const guard = isMaterializedView(draft)
      ? 'Use materialized="table", which can be guarded'
      : `Declare ${column} in its .yml file`;
    const hint = `${guard}, or say that its rows are for all: row_security: false.`;
    const { properties, file } = draft;
    faults.push(
      properties === undefined
        ? { what, place: { file: file.path, line: 1, column: 1 }, hint }
        : properties.yaml.problem(what, properties.path, hint),
    );
  }
}

/** Why a model cannot say who sees what, and what to do. */
function faultOf(draft: Draft, listed: Draft, column: string, type: string): [string, string] | undefined {
  const { name } = listed;
  if (!isTable(listed))
    return [`the access model "${name}" of row_security is no table`, 'Use materialized="table" or "incremental".'];
  if (typeOf(listed, principal) !== 'text')
    return [
      `the access model "${name}" of row_security declares no column "${principal}" of type text`,
      `Its .yml file has to declare ${principal} (text: the name of a role or login) and ${column}.`,
    ];
  const its = typeOf(listed, column);
  if (its === undefined || its === '')
    return [
      `the access model "${name}" of row_security declares no column "${column}" with its data_type`,
      `Its .yml file has to declare ${principal} (text: the name of a role or login) and ${column}.`,
    ];
  if (its !== type)
    return [
      `"${column}" is ${its} in the access model "${name}" of row_security, but ${type === '' ? 'of no declared type' : type} in ${draft.name}`,
      'Declare the same data_type in both .yml files.',
    ];
  if (listed === draft || declaredFor(listed) !== undefined)
    return [
      `the access model "${name}" of row_security has row security itself`,
      'Set row_security: false for it: nobody reads it but the functions made of it.',
    ];
  if (listed.relation.schema === draft.relation.schema)
    return [
      `the access model "${name}" of row_security is in the schema ${draft.relation.schema} together with ${draft.name}`,
      'Give it a schema of its own: who reads the one should not read who sees what.',
    ];
  return undefined;
}
