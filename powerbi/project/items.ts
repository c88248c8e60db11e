import { guidOf } from '../model/guid.ts';
import { jsonFile, schemas } from '../model/json.ts';
import type { PowerBiOptions } from '../model/options.ts';

/**
 * `.platform`: what a folder is, for the Git integration of Microsoft Fabric. Two items of one logical id cannot be in one
 * workspace, so that it differs from installation to installation.
 */
export function platformFile(
  type: 'Report' | 'SemanticModel',
  name: string,
  { server, database }: PowerBiOptions,
): string {
  return jsonFile({
    $schema: schemas.platform,
    metadata: { type, displayName: name },
    config: { version: '2.0', logicalId: guidOf('item', type, name, server, database) },
  });
}

/** `.pbip`: the file to open. */
export function projectFile(reportFolder: string): string {
  return jsonFile({
    $schema: schemas.project,
    version: '1.0',
    artifacts: [{ report: { path: reportFolder } }],
    settings: { enableAutoRecovery: true },
  });
}

/** `definition.pbism`: the head of the semantic model; 4.0 and newer are models in TMDL. */
export function semanticModelFile(): string {
  return jsonFile({ $schema: schemas.semanticModel, version: '4.2', settings: {} });
}

/** `definition.pbir`: the head of the report, which names its model; 4.0 and newer are reports of a file for each visual. */
export function reportPropertiesFile(modelFolder: string): string {
  return jsonFile({
    $schema: schemas.reportProperties,
    version: '4.0',
    datasetReference: { byPath: { path: `../${modelFolder}` } },
  });
}

/** `.pbids`: only the connection, for authors who build a model of their own. It contains no login. */
export function connectionFile({ server, database }: PowerBiOptions): string {
  return jsonFile({
    version: '0.1',
    connections: [{ details: { protocol: 'postgresql', address: { server, database } }, options: {}, mode: 'Import' }],
  });
}

/** `.gitignore`: what belongs to one person's Power BI Desktop. The cache holds the data that was loaded. */
export const ignoreFile = '**/.pbi/localSettings.json\n**/.pbi/cache.abf\n';
