// The semantic model, in TMDL: one file for each table, role and the like.
//
//   1. tables.ts, columns.ts, partition.ts  a table for each view, and how Power BI fetches it
//   2. relationships.ts        foreign keys, of which those are active that open no second path
//   3. roles.ts                which rows a viewer sees
//   4. extras.ts, texts.ts, captions.ts  hierarchies, field parameters and the like (powerbi/model.yml), titles, languages
//   5. expressions.ts, m.ts    the connection and the keys of times, in M
//   6. tmdl.ts                 writes all of that; guid.ts gives each object the same id every time
//
// dax.ts, dax-scan.ts and check-measures.ts: the names in the measures of the .yml files exist.
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { type Captions, cultureObjects } from './captions.ts';
import { expressionObjects } from './expressions.ts';
import {
  calculationGroupObject,
  fieldParameterObject,
  hierarchyObjects,
  type ModelExtras,
  perspectiveObject,
} from './extras.ts';
import { fileNames } from './file-names.ts';
import type { PowerBiOptions } from './options.ts';
import { isActivated, relationshipObject, relationshipsOf } from './relationships.ts';
import { roleObjects } from './roles.ts';
import { tableObject } from './tables.ts';
import { type ReportText, textsObject } from './texts.ts';
import { type TmdlObject, tmdl, tmdlName } from './tmdl.ts';

/** What Power BI Desktop writes into every model that it keeps as text; 1567 is known to all its versions with TMDL. */
const compatibilityLevel = 1567;

/** The files of the semantic model's definition, by their paths in its folder. */
export function modelFiles(
  exposures: readonly Exposure[],
  options: PowerBiOptions,
  { extras, captions, descriptions, texts }: ModelDesign,
): Map<string, string> {
  const relationships = relationshipsOf(exposures);
  const related = relationships.filter((one) => one.active || isActivated(one, exposures));
  const tables = modelTables(exposures, options, extras, captions, texts);
  const perspectives = extras.perspectives.map(perspectiveObject);
  const translations = cultureObjects(tables, captions, descriptions);
  const roles = roleObjects(exposures, relationships, options);
  const expressions = expressionObjects(options);
  return new Map([
    ['database.tmdl', tmdl([database])],
    ['model.tmdl', modelText(tables, [...roles, ...perspectives, ...translations], expressions)],
    ['expressions.tmdl', tmdl(expressions)],
    ...(related.length === 0 ? [] : [['relationships.tmdl', tmdl(related.map(relationshipObject))] as const]),
    ...eachInItsFile('tables', tables),
    ...eachInItsFile('roles', roles),
    ...eachInItsFile('perspectives', perspectives),
    ...eachInItsFile('cultures', translations),
  ]);
}

/** What the semantic model is made of besides the views. */
export interface ModelDesign {
  readonly extras: ModelExtras;
  readonly captions: Captions;
  /** Translations of descriptions. */
  readonly descriptions?: Captions | undefined;
  readonly texts: readonly ReportText[];
}

/** The tables: of the views, of field parameters and calculation groups, and that of the report's texts. */
export function modelTables(
  exposures: readonly Exposure[],
  options: PowerBiOptions,
  extras: ModelExtras,
  captions: Captions,
  texts: readonly ReportText[],
): TmdlObject[] {
  const textTable = textsObject(texts, captions);
  return [
    ...exposures.map((one) => tableObject(one, exposures, options, hierarchyObjects(one.name, extras), captions)),
    ...extras.field_parameters.map(fieldParameterObject),
    ...extras.calculation_groups.map(calculationGroupObject),
    ...(textTable === undefined ? [] : [textTable]),
  ];
}

const database: TmdlObject = {
  type: 'database',
  properties: [{ name: 'compatibilityLevel', value: compatibilityLevel }],
};

/** The model itself; the references keep tables, roles and the like in their order, although each has a file of its own. */
function modelText(
  tables: readonly TmdlObject[],
  others: readonly TmdlObject[],
  expressions: readonly TmdlObject[],
): string {
  const queries = tables.filter(({ children }) =>
    children?.some((one) => one.type === 'partition' && one.value === 'm'),
  );
  const names = [...expressions, ...queries].map((object) => object.name ?? '');
  const model: TmdlObject = {
    type: 'model',
    name: 'Model',
    properties: [
      { name: 'culture', value: 'en-US' },
      { name: 'defaultPowerBIDataSourceVersion', value: 'powerBI_V3' },
      { name: 'discourageImplicitMeasures', value: true },
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
    ],
  };
  const references = [tables, others].map((objects) =>
    objects.map((object) => `ref ${object.type} ${tmdlName(object.name ?? '')}\n`).join(''),
  );
  return [tmdl([model]), ...references].filter((part) => part !== '').join('\n');
}

function eachInItsFile(folder: string, objects: readonly TmdlObject[]): [string, string][] {
  const files = fileNames(objects.map((object) => object.name ?? ''));
  return objects.map((object, index) => [`${folder}/${files[index]}.tmdl`, tmdl([object])]);
}
