import type { Exposure } from '../../runner/manifest/exposure.ts';
import type { Captions } from './captions.ts';
import { columnObject } from './columns.ts';
import { daxText } from './dax.ts';
import { guidOf } from './guid.ts';
import type { PowerBiOptions } from './options.ts';
import { partition, refreshKeyOf, refreshPolicy, sourceQuery } from './partition.ts';
import { textExpression } from './texts.ts';
import type { TmdlObject, TmdlProperty } from './tmdl.ts';

/** A table of the semantic model on one view. */
export function tableObject(
  exposure: Exposure,
  exposures: readonly Exposure[],
  options: PowerBiOptions,
  hierarchies: readonly TmdlObject[],
  captions: Captions,
): TmdlObject {
  const key = refreshKeyOf(exposure, exposures);
  const query = sourceQuery(exposure, key);
  const properties: TmdlProperty[] = [];
  if (exposure.kind === 'access') properties.push({ name: 'isHidden', value: true });
  properties.push({ name: 'lineageTag', value: guidOf('table', exposure.name) });
  if (exposure.kind === 'date') properties.push({ name: 'dataCategory', value: 'Time' });
  return {
    type: 'table',
    name: exposure.name,
    description: exposure.description,
    properties,
    children: [
      ...(key === undefined ? [] : [refreshPolicy(query, options)]),
      ...exposure.measures.map((measure) => measureObject(exposure, measure, captions)),
      ...exposure.columns.map((column) => columnObject(exposure, column)),
      ...hierarchies,
      partition(exposure, query),
      { type: 'annotation', name: 'PBI_ResultType', value: 'Table' },
    ],
  };
}

function measureObject(exposure: Exposure, measure: Exposure['measures'][number], captions: Captions): TmdlObject {
  const properties: TmdlProperty[] = [];
  if (measure.format !== undefined) properties.push({ name: 'formatString', value: measure.format });
  if (measure.folder !== undefined) properties.push({ name: 'displayFolder', value: measure.folder });
  properties.push({ name: 'lineageTag', value: guidOf('measure', exposure.name, measure.name) });
  return {
    type: 'measure',
    name: measure.name,
    description: measure.description,
    value: inWords(measure, captions),
    properties,
  };
}

/** The expression with the texts that it yields in the viewer's language. A translation may be another of its texts, so all are replaced at once. */
function inWords({ expression, texts = [] }: Exposure['measures'][number], captions: Captions): string {
  return expression.replace(/"(?:[^"]|"")*"/g, (literal) => {
    const text = texts.find((one) => daxText(one) === literal);
    return text === undefined ? literal : textExpression({ text }, captions);
  });
}
