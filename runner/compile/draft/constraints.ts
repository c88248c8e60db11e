import type { ColumnSpec, Constraint } from '../../manifest/manifest.ts';
import type { Properties } from '../../project/properties.ts';
import type { ColumnProperties, ConstraintProperties } from '../../project/properties-schema.ts';
import { translate } from '../../template/jinja.ts';
import { type Problem, ProjectError } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { YamlFile, YamlPath } from '../../yaml/yaml-file.ts';
import type { CompileContext, Draft } from './context.ts';

/** @param at what has the columns, in its .yml. */
export function columnSpecs(
  columns: readonly ColumnProperties[] | undefined,
  at: Pick<Properties, 'yaml' | 'path'> | undefined,
): ColumnSpec[] {
  return (columns ?? []).map((column, index) => ({
    name: column.name,
    description: column.description ?? '',
    dataType: column.data_type,
    ...labelOf(column),
    place: at?.yaml.place([...at.path, 'columns', index, 'name']),
    typePlace: at?.yaml.place([...at.path, 'columns', index, 'data_type']),
  }));
}

/** What people call a column: `meta: { label: ... }`. */
function labelOf({ meta, config }: ColumnProperties): Pick<ColumnSpec, 'label'> {
  const label = config?.meta?.label ?? meta?.label;
  return typeof label === 'string' ? { label } : {};
}

/** The constraints that a model's or seed's .yml declares, for columns and for the whole. @throws ProjectError */
export function constraintsOf(draft: Draft, context: CompileContext): Constraint[] {
  const properties = draft.properties;
  if (properties === undefined) return [];
  const problems: Problem[] = [];
  const found: Constraint[] = [];
  const add = (declared: ConstraintProperties, columns: readonly string[], path: YamlPath) => {
    const { yaml } = properties;
    const at = [...properties.path, ...path];
    const result = constraint(declared, columns, { place: yaml.place(at), yaml, path: at }, context);
    if ('problem' in result) problems.push(yaml.problem(result.problem, [...at, ...(result.path ?? [])], result.hint));
    else found.push(result);
  };
  for (const [columnIndex, column] of (properties.value.columns ?? []).entries()) {
    for (const [index, declared] of (column.constraints ?? []).entries())
      add(declared, [column.name], ['columns', columnIndex, 'constraints', index]);
  }
  for (const [index, declared] of (properties.value.constraints ?? []).entries())
    add(declared, declared.columns ?? [], ['constraints', index]);
  if (problems.length > 0) throw new ProjectError(problems);
  return found;
}

function constraint(
  declared: ConstraintProperties,
  columns: readonly string[],
  { place, yaml, path }: { readonly place: Place; readonly yaml: YamlFile; readonly path: YamlPath },
  { drafts, properties }: CompileContext,
): Constraint | { readonly problem: string; readonly path?: YamlPath; readonly hint?: string | undefined } {
  const { type, name } = declared;
  if (type === 'custom')
    return {
      problem: 'there are no custom constraints',
      hint: 'A condition is type: check; anything else is a post_hook.',
    };
  if (declared.expression !== undefined && type !== 'check' && type !== 'foreign_key')
    return {
      problem: `a ${type} constraint has no expression`,
      path: ['expression'],
      hint: 'Take it out; an index with include, where or expressions is declared under indexes.',
    };
  if (type === 'check') {
    if (declared.expression === undefined) return { problem: 'a check constraint needs an "expression"' };
    return { type, expression: yaml.text(declared.expression, [...path, 'expression']), name, place };
  }
  if (columns.length === 0) return { problem: `a ${type} constraint needs "columns"` };
  if (type === 'not_null') return { type, columns, place };
  if (type !== 'foreign_key') return { type, columns, name, place };
  const { to: target, columns: named } = targetOf(declared);
  const to = refName(target, { properties });
  if (to === undefined) return { problem: `a foreign_key needs "to", e.g. ref('dim_date')` };
  const parent = drafts.get(to);
  if (parent === undefined)
    return {
      problem: `a foreign_key refers to "${to}", which is no model or seed`,
      path: ['to'],
      hint: didYouMean(to, drafts.keys()),
    };
  return {
    type,
    columns,
    to: parent.relation,
    toId: parent.id,
    toColumns: declared.to_columns ?? named ?? columns,
    name,
    place,
  };
}

/** `ref('x')` and `source('s', 't')` of a .yml as a call in a template; undefined for anything else. */
export function refOrSource(written: string): string | undefined {
  return /^\((ref(?: "[^"]+"){1,2}(?: v(?:ersion)?=\S+)?|source(?: "[^"]+"){2})\)$/.exec(translate(written) ?? '')?.[1];
}

/** The model that a foreign key leads to, and the columns: `to` and `to_columns`, or as an `expression` `dim_room (room_key)`. */
function targetOf({ to, expression }: ConstraintProperties): { to: string | undefined; columns: string[] | undefined } {
  if (to !== undefined || expression === undefined) return { to, columns: undefined };
  const [, target, columns = ''] = /^\s*(?:references\s+)?(.+?)\s*\(([^()]*)\)\s*$/i.exec(expression) ?? [];
  const bare = target?.replace(/^(?:"?[\w]+"?\.)*"?([\w]+)"?$/, '$1');
  return {
    to: bare,
    columns: columns === '' ? undefined : columns.split(',').map((one) => one.trim().replace(/^"|"$/g, '')),
  };
}

/**
 * The name of the model or seed that `ref('x')`, `ref('project', 'x')`, `ref('x', v=2)` or just `x` means in a .yml; undefined for
 * what is none of these.
 */
export function refName(value: unknown, { properties }: Pick<CompileContext, 'properties'>): string | undefined {
  if (typeof value !== 'string') return undefined;
  const called = /^ref "([^"]+)"(?: "([^"]+)")?(?: v(?:ersion)?="?([^"\s]+?)"?)?$/.exec(refOrSource(value) ?? '');
  const written = called === null ? /^\s*([^()]+?)\s*$/.exec(value)?.[1] : (called[2] ?? called[1]);
  const name = written?.normalize('NFC');
  const versions = name === undefined ? undefined : properties.versions.get(name);
  const version = called?.[3];
  if (version !== undefined) return versions?.models.get(version) ?? `${name} v${version}`;
  return versions?.latest ?? name;
}
