// Writes a Power BI project (.pbip) for the views of schema `bi`: texts only, no file is read or written here.
//
//   1. ../model    the semantic model
//   2. ../report   the report on it
//   3. items.ts    the files around them: what a folder is, the connection, what Git leaves out
//
// The same exposures and options yield the same bytes. cli/bi writes the files and keeps what a person has changed.
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { modelFiles } from '../model/model.ts';
import type { PowerBiOptions } from '../model/options.ts';
import { reportFiles } from '../report/report.ts';
import {
  connectionFile,
  ignoreFile,
  platformFile,
  projectFile,
  reportPropertiesFile,
  semanticModelFile,
} from './items.ts';

/** A Power BI project: the texts of its files by their paths, with forward slashes. */
export interface PowerBiProject {
  readonly files: ReadonlyMap<string, string>;
  /** The folder of the report, which belongs to the report's authors once it exists. */
  readonly reportFolder: string;
}

/**
 * The project for a set of views: connection, semantic model and a report to begin with. The same views and options give
 * the same bytes. UTF-8 without a byte-order mark and with plain line feeds, which Power BI Desktop reads as well as its own.
 */
export function powerBiProject(exposures: readonly Exposure[], options: PowerBiOptions): PowerBiProject {
  const { name } = options;
  const reportFolder = `${name}.Report`;
  const modelFolder = `${name}.SemanticModel`;
  const files = new Map([
    ['.gitignore', ignoreFile],
    [`${name}.pbids`, connectionFile(options)],
    [`${name}.pbip`, projectFile(reportFolder)],
    [`${modelFolder}/.platform`, platformFile('SemanticModel', name, options)],
    [`${modelFolder}/definition.pbism`, semanticModelFile()],
    ...within(`${modelFolder}/definition`, modelFiles(exposures, options)),
    [`${reportFolder}/.platform`, platformFile('Report', name, options)],
    [`${reportFolder}/definition.pbir`, reportPropertiesFile(modelFolder)],
    ...within(`${reportFolder}/definition`, reportFiles(exposures)),
  ]);
  return { files, reportFolder };
}

function within(folder: string, files: ReadonlyMap<string, string>): [string, string][] {
  return [...files].map(([path, text]) => [`${folder}/${path}`, text]);
}
