import type { ExposedReference, Exposure } from '../../manifest/exposure.ts';
import { type ModelNode, type Node, rowSecurityOf } from '../../manifest/manifest.ts';
import type { Properties } from '../../project/properties.ts';
import type { BiMeasure, BiModel } from '../../project/properties-schema.ts';
import { settingPlace } from '../../project/setting-places.ts';
import type { Problem } from '../../text/errors.ts';
import { isTimeZone, timeZoneHint } from '../../text/time-zone.ts';
import type { CompileContext } from '../draft/context.ts';
import { viewNodeName } from '../draft/draft.ts';
import { type Complain, type ViewColumn, viewColumns } from './columns.ts';
import { faultOfName, NamesTaken } from './names.ts';

/** The schema of the views and the time zone of their local times. @see project.yml `bi` */
export function biSettings({ project, nameRelation }: CompileContext): {
  readonly schema: string;
  readonly time_zone: string;
} {
  const { schema: custom = 'bi', time_zone = 'Europe/Zurich' } = project.settings.bi ?? {};
  const { schema } = nameRelation({ kind: 'model', name: 'bi', file: 'project.yml', config: { schema: custom } });
  return { schema, time_zone };
}

/** A model as Power BI sees it, and what its view selects. */
export interface ExposedModel {
  readonly exposure: Exposure;
  readonly model: ModelNode;
  readonly properties: Properties;
  readonly columns: readonly ViewColumn[];
}

/**
 * Every model whose .yml has `bi`, in the order of the files. Faults go to `problems`, with their places.
 * @param nodes the models, compiled; one that is missing there has a fault that has been reported.
 */
export function exposuresOf(
  context: CompileContext,
  nodes: ReadonlyMap<string, Node>,
  problems: Problem[],
): ExposedModel[] {
  const { schema, time_zone: zone } = biSettings(context);
  const begun = [...context.drafts.values()].flatMap((draft) => {
    const model = nodes.get(draft.id);
    const bi = draft.properties?.value.bi;
    if (draft.properties === undefined || bi === undefined || model?.kind !== 'model') return [];
    const complain = complainer(draft.properties, problems);
    const columns = viewColumns(model, draft.properties.value, bi, zone, complain);
    checkKind(bi, columns, complain);
    return [{ model, bi, properties: draft.properties, columns, complain }];
  });
  const byModel = new Map(begun.map((one) => [one.model.id, one]));
  const measures = new NamesTaken();
  return begun.map(({ model, bi, properties, columns, complain }) => {
    checkMeasures(bi.measures ?? [], columns, model.name, measures, complain);
    const references = model.constraints.flatMap((constraint): ExposedReference[] => {
      if (constraint.type !== 'foreign_key') return [];
      const [from, ...others] = constraint.columns;
      const [to = ''] = constraint.toColumns;
      const column = nameOf(columns, from);
      // Power BI knows no relationships over several columns, nor of a table with itself.
      if (column === undefined || others.length > 0 || constraint.toId === model.id) return [];
      const target = byModel.get(constraint.toId);
      const toColumn = target && nameOf(target.columns, to);
      if (target !== undefined && toColumn !== undefined) return [{ column, toExposure: target.bi.name, toColumn }];
      const index = (properties.value.columns ?? []).findIndex(({ name }) => name === from);
      const toName = context.drafts.get(constraint.toId.replace(/^\w+\./, ''))?.name ?? constraint.toId;
      if (!context.incomplete && (target !== undefined || nodes.has(constraint.toId)))
        complain(
          `"${from}" leads to ${toName}.${to}, which Power BI does not see`,
          ['columns', index],
          target === undefined
            ? `Give ${toName} a \`bi\` in its .yml as well, or leave the column out with \`bi: false\`.`
            : `Take \`bi: false\` away from ${to} there, or leave the column out as well.`,
        );
      return [];
    });
    const primary = model.constraints.find((constraint) => constraint.type === 'primary_key');
    const [key, ...more] = primary?.type === 'primary_key' ? primary.columns : [];
    const exposure: Exposure = {
      name: bi.name,
      model: model.id,
      id: `model.${viewNodeName(model.name)}`,
      view: { schema, name: bi.name },
      description: bi.description ?? model.description,
      kind: bi.kind,
      guardedBy: rowSecurityOf(model)?.name,
      columns: columns.map(({ column }) => column),
      key: more.length > 0 ? undefined : nameOf(columns, key),
      references,
      refreshBy: refreshBy(bi, columns, complain),
      measures: bi.measures ?? [],
    };
    return { exposure, model, properties, columns };
  });
}

/** Reports faults at places below a model's own in its .yml. */
export function complainer({ yaml, path, value }: Properties, problems: Problem[]): Complain {
  return (what, below, hint) => {
    problems.push(yaml.problem(`${value.name}: ${what}`, [...path, ...below], hint));
  };
}

/** The name in the view of a model's column; undefined if the view does not show it. */
function nameOf(columns: readonly ViewColumn[], source: string | undefined): string | undefined {
  return columns.find(({ column }) => column.source === source)?.column.name;
}

function checkKind({ kind }: BiModel, columns: readonly ViewColumn[], complain: Complain): void {
  if (kind !== 'date') return;
  const dates = columns.filter(({ column }) => column.type === 'date').map(({ column }) => column.source);
  if (dates.length === 1) return;
  complain(
    `a calendar has one column of type date, this has ${dates.length === 0 ? 'none' : dates.join(', ')}`,
    ['bi', 'kind'],
    'Power BI marks a table as its calendar by that column.',
  );
}

/** A whole number is asked for, as only such a one can be compared with what Power BI makes of its times. */
function refreshBy({ refresh_by: source }: BiModel, columns: readonly ViewColumn[], complain: Complain) {
  if (source === undefined) return undefined;
  const column = columns.find((one) => one.column.source === source)?.column;
  if (column?.type === 'bigint') return column.name;
  complain(
    `Power BI cannot fetch by "${source}": ${column === undefined ? 'the view has no such column' : `it is ${column.type}`}`,
    ['bi', 'refresh_by'],
    'Name a column with the key of the day or minute: a whole number like 20231018 or 202310181430.',
  );
  return undefined;
}

/** Measures share one space of names in Power BI, and their table's columns are in it, too. */
function checkMeasures(
  measures: readonly BiMeasure[],
  columns: readonly ViewColumn[],
  model: string,
  taken: NamesTaken,
  complain: Complain,
): void {
  const own = new NamesTaken();
  for (const { column } of columns) own.take(column.name, column.source);
  for (const [index, { name, expression, texts = [] }] of measures.entries()) {
    const at = ['bi', 'measures', index, 'name'];
    const fault = faultOfName(name);
    const column = own.take(name, name);
    const other = taken.take(name, model);
    if (fault !== undefined) complain(fault.what, at, fault.hint);
    else if (other !== undefined)
      complain(
        `the measure "${name}" is there already, in ${other}`,
        at,
        'Names of measures are unique in the whole report.',
      );
    else if (column !== undefined)
      complain(`the measure "${name}" has the name of the column that shows "${column}"`, at, 'Rename one of them.');
    // As DAX writes a text; one that is not there would be translated for nobody.
    for (const [place, text] of texts.entries())
      if (!expression.includes(`"${text.replaceAll('"', '""')}"`))
        complain(
          `the measure "${name}" yields no text "${text}"`,
          ['bi', 'measures', index, 'texts', place],
          'Write it as it stands in the expression, without the quotation marks.',
        );
  }
}

/** Where something is wrong with `bi` in project.yml, and what is exposed that cannot be. */
export function checkExposable(context: CompileContext, problems: Problem[]): void {
  const { schema, time_zone: zone } = biSettings(context);
  if (!isTimeZone(zone))
    problems.push(
      context.project.settingsFile.problem(`"${zone}" is no time zone`, ['bi', 'time_zone'], timeZoneHint(zone)),
    );
  for (const { kind, name, file, config, relation, properties, settings } of context.drafts.values()) {
    const materialized = kind === 'seed' ? 'seed' : (config.materialized ?? 'view');
    if (relation.schema === schema && materialized !== 'view' && materialized !== 'ephemeral')
      problems.push({
        what: `${file.path}: ${name} would be a ${materialized === 'seed' ? 'seed' : 'table'} in schema ${schema}, which holds what Power BI reads and nothing but views`,
        hint: 'Build it in another schema, and expose it with `bi` in its .yml.',
        place: settingPlace(settings, 'schema'),
      });
    if (properties === undefined) continue;
    const complain = complainer(properties, problems);
    const { bi, columns = [] } = properties.value;
    if (bi !== undefined && (materialized === 'seed' || materialized === 'ephemeral'))
      complain(
        materialized === 'seed'
          ? 'a seed cannot be exposed'
          : 'an ephemeral model cannot be exposed: there is nothing to read',
        ['bi'],
        materialized === 'seed' ? 'Make a model of it, and expose that.' : 'Materialize it as a view or table.',
      );
    if (bi !== undefined) continue;
    for (const [index, column] of columns.entries()) {
      if (column.bi === undefined) continue;
      complain(
        `"${column.name}" says how Power BI shows it, but Power BI does not see ${name}`,
        ['columns', index, 'bi'],
        `Expose ${name} with \`bi: { name: ... }\`, or take this away.`,
      );
    }
  }
  for (const { table, yaml, path } of context.properties.sources.values()) {
    for (const [index, column] of (table.columns ?? []).entries()) {
      if (column.bi === undefined) continue;
      problems.push(
        yaml.problem(
          `"${column.name}" is a source's: Power BI sees models only`,
          [...path, 'columns', index, 'bi'],
          'Make a model of it, and expose that.',
        ),
      );
    }
  }
}
