import type { Exposure } from '../runner/manifest/exposure.ts';
import { expressionObjects } from './expressions.ts';
import { fileNames } from './file-names.ts';
import type { PowerBiOptions } from './options.ts';
import { relationshipObject, relationshipsOf } from './relationships.ts';
import { roleObjects } from './roles.ts';
import { tableObject } from './tables.ts';
import { type TmdlObject, tmdl, tmdlName } from './tmdl.ts';

/** What Power BI Desktop writes into every model that it keeps as text; 1567 is known to all its versions with TMDL. */
const compatibilityLevel = 1567;

/** The files of the semantic model's definition, by their paths in its folder. */
export function modelFiles(exposures: readonly Exposure[], options: PowerBiOptions): Map<string, string> {
  const relationships = relationshipsOf(exposures);
  const tables = exposures.map((exposure) => tableObject(exposure, exposures, options));
  const roles = roleObjects(exposures, relationships, options);
  const expressions = expressionObjects(options);
  return new Map([
    ['database.tmdl', tmdl([database])],
    ['model.tmdl', modelText(tables, roles, expressions)],
    ['expressions.tmdl', tmdl(expressions)],
    ...(relationships.length === 0
      ? []
      : [['relationships.tmdl', tmdl(relationships.map(relationshipObject))] as const]),
    ...eachInItsFile('tables', tables),
    ...eachInItsFile('roles', roles),
  ]);
}

const database: TmdlObject = {
  type: 'database',
  properties: [{ name: 'compatibilityLevel', value: compatibilityLevel }],
};

/** The model itself; the references keep tables and roles in their order, although each has a file of its own. */
function modelText(
  tables: readonly TmdlObject[],
  roles: readonly TmdlObject[],
  expressions: readonly TmdlObject[],
): string {
  const names = [...expressions, ...tables].map((object) => object.name ?? '');
  const model: TmdlObject = {
    type: 'model',
    name: 'Model',
    properties: [
      { name: 'culture', value: 'en-US' },
      { name: 'defaultPowerBIDataSourceVersion', value: 'powerBI_V3' },
      { name: 'sourceQueryCulture', value: 'en-US' },
    ],
    children: [
      {
        type: 'dataAccessOptions',
        properties: [
          { name: 'legacyRedirects', value: true },
          { name: 'returnErrorValuesAsNull', value: true },
        ],
      },
      // There is a calendar: no hidden one for every column with a date.
      { type: 'annotation', name: '__PBI_TimeIntelligenceEnabled', value: '0' },
      { type: 'annotation', name: 'PBI_QueryOrder', value: JSON.stringify(names) },
      { type: 'annotation', name: 'PBI_ProTooling', value: '["DevMode"]' },
    ],
  };
  const references = [tables, roles].map((objects) =>
    objects.map((object) => `ref ${object.type} ${tmdlName(object.name ?? '')}\n`).join(''),
  );
  return [tmdl([model]), ...references].filter((part) => part !== '').join('\n');
}

function eachInItsFile(folder: string, objects: readonly TmdlObject[]): [string, string][] {
  const files = fileNames(objects.map((object) => object.name ?? ''));
  return objects.map((object, index) => [`${folder}/${files[index]}.tmdl`, tmdl([object])]);
}
