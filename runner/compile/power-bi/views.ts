// The setting `bi` of a .yml becomes a view in schema `bi`, a node like any other, and an exposure that powerbi/ reads.
//
//   1. draftViews in views.ts  adds a draft for the view of each model with `bi`, so that tests and queries may refer to it
//   2. exposures.ts            checks tables, columns, keys and relationships against the compiled models
//   3. columns.ts, showing.ts  say what each column is called and cast to
//   4. viewNode in views.ts    writes the SQL of the view
//
// A fault is a problem at its place in the .yml. Names are checked once more for clashes among all views (names.ts).
import { identifier, relation } from '../../../warehouse/quote.ts';
import { digest } from '../../manifest/digest.ts';
import type { ViewNode } from '../../manifest/manifest.ts';
import type { Problem } from '../../text/errors.ts';
import { SqlText } from '../../text/sql-text.ts';
import type { CompileContext, Draft } from '../draft/context.ts';
import { addDraft, viewNodeName } from '../draft/draft.ts';
import { newRecord } from '../draft/model-language.ts';
import { biSettings, complainer, type ExposedModel } from './exposures.ts';
import { faultOfName, NamesTaken } from './names.ts';

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
      config: {
        materialized: 'view',
        schema,
        tags: config.tags,
        contract: { enforced: true },
        persist_docs: config.persist_docs,
      },
      settings: new Map(),
      relation: { schema, name: bi.name },
      record: newRecord(),
      refs: new Set([model.name]),
      sources: new Set(),
    });
  }
}

/** The view of an exposed model, one column a line. */
export function viewNode({ exposure, model, properties, columns }: ExposedModel, draft: Draft): ViewNode {
  const { yaml, path, value } = properties;
  const place = yaml.place(path, 'bi');
  const placeOf = (source: string, key: 'name' | 'data_type') => {
    const index = (value.columns ?? []).findIndex(({ name }) => name === source);
    return yaml.place([...path, 'columns', index, key]);
  };
  const shown = columns.map(({ column: { name, source }, expression }) => {
    const as = expression === identifier(name) ? '' : ` as ${identifier(name)}`;
    return SqlText.from(placeOf(source, 'name'), `    ${expression}${as}`);
  });
  const from = relation(model.relation);
  const sql = SqlText.join(
    SqlText.from(place, 'select\n'),
    SqlText.list(shown, ',\n'),
    SqlText.from(place, `\nfrom ${from}`),
  );
  return {
    kind: 'model',
    id: draft.id,
    name: draft.name,
    description: exposure.description,
    file: place.file,
    tags: model.tags,
    group: model.group,
    access: 'protected',
    dependsOn: [model.id],
    config: draft.config,
    settings: draft.settings,
    relation: exposure.view,
    columns: exposure.columns.map(({ name, source, description, sqlType }) => ({
      name,
      description,
      dataType: sqlType,
      place: placeOf(source, 'name'),
      typePlace: placeOf(source, 'data_type'),
    })),
    constraints: [],
    subject: undefined,
    reads: [model.id],
    checksum: digest([exposure.view, sql.text]),
    materialized: 'view',
    fullSql: sql,
    volatile: false,
    shows: model.id,
  };
}
