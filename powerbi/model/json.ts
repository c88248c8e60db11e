/** The schemas by which Power BI reads a file: the URL is also how it knows the file's version. */
const base = 'https://developer.microsoft.com/json-schemas/fabric';

/*
 * Power BI Desktop reads files of its own time and older ones, and refuses newer ones. So these are the versions of the
 * autumn of 2025, when the format had settled, rather than the newest there are.
 */
export const schemas = {
  project: `${base}/pbip/pbipProperties/1.0.0/schema.json`,
  platform: `${base}/gitIntegration/platformProperties/2.0.0/schema.json`,
  semanticModel: `${base}/item/semanticModel/definitionProperties/1.0.0/schema.json`,
  reportProperties: `${base}/item/report/definitionProperties/2.0.0/schema.json`,
  version: `${base}/item/report/definition/versionMetadata/1.0.0/schema.json`,
  report: `${base}/item/report/definition/report/3.0.0/schema.json`,
  pages: `${base}/item/report/definition/pagesMetadata/1.0.0/schema.json`,
  page: `${base}/item/report/definition/page/2.0.0/schema.json`,
  visual: `${base}/item/report/definition/visualContainer/2.4.0/schema.json`,
} as const;

/** A JSON file as Power BI lays it out. */
export function jsonFile(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
