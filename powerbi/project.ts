import type { Exposure } from '../runner/manifest/exposure.ts';
import {
  connectionFile,
  ignoreFile,
  platformFile,
  projectFile,
  reportPropertiesFile,
  semanticModelFile,
} from './items.ts';
import { modelFiles } from './model.ts';
import type { PowerBiOptions } from './options.ts';
import { reportFiles } from './report.ts';

/** A Power BI project: the texts of its files by their paths, with forward slashes. */
export interface PowerBiProject {
  readonly files: ReadonlyMap<string, string>;
  /** The folder that belongs to whoever works on the report, once it is made. */
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
    [`${modelFolder}/.platform`, platformFile('SemanticModel', name)],
    [`${modelFolder}/definition.pbism`, semanticModelFile()],
    ...within(`${modelFolder}/definition`, modelFiles(exposures, options)),
    [`${reportFolder}/.platform`, platformFile('Report', name)],
    [`${reportFolder}/definition.pbir`, reportPropertiesFile(modelFolder)],
    ...within(`${reportFolder}/definition`, reportFiles(exposures)),
  ]);
  return { files, reportFolder };
}

function within(folder: string, files: ReadonlyMap<string, string>): [string, string][] {
  return [...files].map(([path, text]) => [`${folder}/${path}`, text]);
}
