import { identifier, relation } from '../warehouse/quote.ts';
import { biSettings, complainer, type ExposedModel } from './bi-exposures.ts';
import { faultOfName, NamesTaken, viewNodeName } from './bi-name.ts';
import type { CompileContext, Draft } from './compile-context.ts';
import { digest } from './compile-model.ts';
import { addDraft } from './draft.ts';
import type { Problem } from './errors.ts';
import { newRecord } from './helpers.ts';
import type { ModelNode } from './manifest.ts';
import { SqlText } from './sql-text.ts';

/** Makes the views of exposed models known, so that tests and queries can refer to them like to any model. */
export function draftViews(context: CompileContext, drafts: Map<string, Draft>, problems: Problem[]): void {
  const { schema } = biSettings(context);
  const taken = new NamesTaken();
  for (const model of [...drafts.values()]) {
    const { properties, config } = model;
    const bi = properties?.value.bi;
    if (properties === undefined || bi === undefined || model.kind === 'seed' || config.materialized === 'ephemeral')
      continue;
    const complain = complainer(properties, problems);
    const fault = faultOfName(bi.name);
    const other = taken.take(bi.name, model.name);
    if (fault !== undefined) complain(fault.what, ['bi', 'name'], fault.hint);
    else if (other !== undefined)
      complain(
        `the view "${bi.name}" is there already, that of ${other}`,
        ['bi', 'name'],
        'Give one of them another name.',
      );
    if (fault !== undefined || other !== undefined) continue;
    const name = viewNodeName(model.name);
    addDraft(drafts, problems, {
      kind: 'model',
      id: `model.${name}`,
      name,
      file: properties.yaml.file,
      template: undefined,
      properties: undefined,
      // The columns and their types are known: should the model yield others, the view says so.
      config: { materialized: 'view', schema, tags: config.tags, contract: { enforced: true } },
      settings: new Map(),
      relation: { schema, name: bi.name },
      record: newRecord(),
      refs: new Set([model.name]),
      sources: new Set(),
    });
  }
}

/** The view of an exposed model, one column a line. */
export function viewNode({ exposure, model, properties, columns }: ExposedModel, draft: Draft): ModelNode {
  const shown = columns.map(({ column, expression }) =>
    expression === identifier(column.name) ? `    ${expression}` : `    ${expression} as ${identifier(column.name)}`,
  );
  const from = relation(model.relation.schema, model.relation.name);
  const text = `select\n${shown.join(',\n')}\nfrom ${from}`;
  const place = properties.yaml.place(properties.path, 'bi');
  return {
    kind: 'model',
    id: draft.id,
    name: draft.name,
    description: exposure.description,
    file: place.file,
    tags: model.tags,
    dependsOn: [model.id],
    config: draft.config,
    settings: draft.settings,
    relation: exposure.view,
    columns: exposure.columns.map(({ name, description, sqlType }) => ({ name, description, dataType: sqlType })),
    constraints: [],
    subject: undefined,
    reads: [model.id],
    checksum: digest([exposure.view, text]),
    materialized: 'view',
    fullSql: new SqlText(text, [{ start: 0, origin: { place, verbatim: false } }]),
    incrementalSql: undefined,
    highWater: [],
    volatile: false,
    rowSecurity: undefined,
    shows: model.id,
  };
}
