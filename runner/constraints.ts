import type { CompileContext, Draft } from './compile-context.ts';
import type { ColumnProperties, ConstraintProperties } from './config.ts';
import { refName } from './data-test.ts';
import { type Problem, ProjectError } from './errors.ts';
import type { ColumnSpec, Constraint } from './manifest.ts';
import { didYouMean } from './suggest.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** @param at what has the columns, in its .yml. */
export function columnSpecs(
  columns: readonly ColumnProperties[] | undefined,
  at: { readonly yaml: YamlFile; readonly path: YamlPath } | undefined,
): ColumnSpec[] {
  return (columns ?? []).map((column, index) => ({
    name: column.name,
    description: column.description ?? '',
    dataType: column.data_type,
    place: at?.yaml.place([...at.path, 'columns', index, 'data_type']),
  }));
}

/** The constraints that a model's or seed's .yml declares, for columns and for the whole. @throws ProjectError */
export function constraintsOf(draft: Draft, context: CompileContext): Constraint[] {
  const properties = draft.properties;
  if (properties === undefined) return [];
  const problems: Problem[] = [];
  const found: Constraint[] = [];
  const add = (declared: ConstraintProperties, columns: readonly string[], path: YamlPath) => {
    const result = constraint(declared, columns, context);
    if (typeof result === 'string') problems.push(properties.yaml.problem(result, [...properties.path, ...path]));
    else found.push({ ...result, place: properties.yaml.place([...properties.path, ...path, 'expression']) });
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
  { drafts }: CompileContext,
): Constraint | string {
  if (declared.type === 'check') {
    if (declared.expression === undefined) return 'a check constraint needs an "expression"';
    return { type: 'check', expression: declared.expression, name: declared.name };
  }
  if (columns.length === 0) return `a ${declared.type} constraint needs "columns"`;
  if (declared.type === 'not_null') return { type: 'not_null', columns };
  if (declared.type !== 'foreign_key') return { type: declared.type, columns, name: declared.name };
  const to = refName(declared.to);
  if (to === undefined) return `a foreign_key needs "to", e.g. ref('dim_date')`;
  const target = drafts.get(to);
  if (target === undefined)
    return `a foreign_key refers to "${to}", which is no model or seed. ${didYouMean(to, drafts.keys()) ?? ''}`.trim();
  return {
    type: 'foreign_key',
    columns,
    to: target.relation,
    toId: target.id,
    toColumns: declared.to_columns ?? columns,
    name: declared.name,
  };
}
