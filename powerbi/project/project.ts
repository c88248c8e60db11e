// Writes a Power BI project (.pbip) for the views of schema `bi`: texts only, no file is read or written here.
//
//   1. ../model    the semantic model
//   2. ../report   the report on it
//   3. items.ts    the files around them: what a folder is, the connection, what Git leaves out
//
// The same exposures and options yield the same bytes. cli/bi writes the files and keeps what a person has changed.
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { type CaptionFault, type Captions, captionFaults, descriptionFaults } from '../model/captions.ts';
import { type Extras, possibleExtras, rowsIn } from '../model/extras.ts';
import { modelFiles, modelTables } from '../model/model.ts';
import type { PowerBiOptions } from '../model/options.ts';
import type { Page } from '../report/page-schema.ts';
import { missingFields, possibleReports, reportTexts } from '../report/pages.ts';
import { reportFiles } from '../report/report.ts';
import {
  connectionFile,
  ignoreFile,
  platformFile,
  projectFile,
  reportPropertiesFile,
  semanticModelFile,
} from './items.ts';

/** What a project is made of besides the views: the files of the folder powerbi/. */
export interface Design {
  readonly pages: readonly Page[];
  readonly extras: Extras;
  readonly captions: Captions;
  /** Translations of the descriptions of tables, columns and measures, by the English text. */
  readonly descriptions?: Captions | undefined;
}

/** A Power BI project: the texts of its files by their paths, with forward slashes. */
export interface PowerBiProject {
  readonly files: ReadonlyMap<string, string>;
  /** The folders of the reports, which belong to the reports' authors once they exist. The first is the project's own. */
  readonly reportFolders: readonly string[];
  /** What is wrong with the captions of the other languages. */
  readonly captionFaults: readonly CaptionFault[];
  /** The fields, `Table.Name`, that pages name and the model does not have; they are left out. */
  readonly missingFields: readonly string[];
}

/**
 * The project for a set of views: connection, semantic model and reports to begin with. The same views, options and design give
 * the same bytes. UTF-8 without a byte-order mark and with plain line feeds, which Power BI Desktop reads as well as its own.
 */
export function powerBiProject(
  exposures: readonly Exposure[],
  options: PowerBiOptions,
  { pages, extras: wished, captions, descriptions = new Map() }: Design,
): PowerBiProject {
  const { name } = options;
  const modelFolder = `${name}.SemanticModel`;
  const extras = possibleExtras(wished, exposures);
  const possible = possibleReports(pages, exposures, extras);
  // A project without pages of its own gets a report with an empty one.
  const empty = { name: '', pages: [{ title: 'Overview', order: 1, visuals: [] }] };
  const reports = (possible.some((report) => report.name === '') ? possible : [empty, ...possible]).map((report) => ({
    ...report,
    // A space in the name of a report tells it from the project's own.
    item: report.name === '' ? name : `${name} ${report.name}`,
  }));
  const texts = reportTexts(reports);
  const files = new Map([
    ['.gitignore', ignoreFile],
    [`${name}.pbids`, connectionFile(options)],
    ...reports.map(({ item }) => [`${item}.pbip`, projectFile(`${item}.Report`)] as const),
    [`${modelFolder}/.platform`, platformFile('SemanticModel', name, options)],
    [`${modelFolder}/definition.pbism`, semanticModelFile()],
    ...within(
      `${modelFolder}/definition`,
      modelFiles(exposures, options, {
        extras: rowsIn(extras, captions.get(options.rowLanguage)),
        captions,
        descriptions,
        texts,
      }),
    ),
    ...reports.flatMap((report) => [
      [`${report.item}.Report/.platform`, platformFile('Report', report.item, options)] as const,
      [`${report.item}.Report/definition.pbir`, reportPropertiesFile(modelFolder)] as const,
      ...within(`${report.item}.Report`, reportFiles(report, { exposures, extras })),
    ]),
  ]);
  const tables = modelTables(exposures, options, extras, captions, texts);
  const named = [
    ...texts.flatMap(({ text, parts = [text] }) => parts),
    ...exposures.flatMap(({ measures }) => measures.flatMap((one) => one.texts ?? [])),
    ...reports.flatMap((one) => one.pages.map(({ title }) => title)),
    ...extras.field_parameters.flatMap(({ fields }) => fields.map(({ title }) => title)),
  ];
  return {
    files,
    reportFolders: reports.map(({ item }) => `${item}.Report`),
    captionFaults: [...captionFaults(tables, named, captions), ...descriptionFaults(tables, descriptions)],
    missingFields: missingFields(pages, exposures, extras),
  };
}

function within(folder: string, files: ReadonlyMap<string, string>): [string, string][] {
  return [...files].map(([path, text]) => [`${folder}/${path}`, text]);
}
