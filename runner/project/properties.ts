import type { Problem } from '../text/errors.ts';
import { checkYaml } from '../yaml/check.ts';
import { readYaml } from '../yaml/parse.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';
import type { Config } from './config.ts';
import type { ExposureProperties, GroupProperties } from './exposure-schema.ts';
import type { Layer } from './overlay.ts';
import type { Project } from './project.ts';
import { type Described, keysBesideConfig, propertiesSchema, type SourceProperties } from './properties-schema.ts';

/** What a .yml file says of one model or seed, with its place there. */
export interface Properties {
  readonly value: Described;
  readonly yaml: YamlFile;
  readonly path: YamlPath;
}

export interface SourceTable {
  readonly source: SourceProperties;
  readonly table: SourceProperties['tables'][number];
  readonly yaml: YamlFile;
  readonly path: YamlPath;
}

/** A group or an exposure, with its place in a .yml file. */
export interface Declared<T> {
  readonly value: T;
  readonly yaml: YamlFile;
  readonly path: YamlPath;
}

export interface AllProperties {
  readonly models: ReadonlyMap<string, Properties>;
  readonly seeds: ReadonlyMap<string, Properties>;
  /** By `source.table`. */
  readonly sources: ReadonlyMap<string, SourceTable>;
  readonly groups: ReadonlyMap<string, Declared<GroupProperties>>;
  readonly exposures: ReadonlyMap<string, Declared<ExposureProperties>>;
}

/** Reads every .yml beside the models and seeds; faults and things described twice go to `problems`. */
export function readProperties(project: Project, problems: Problem[]): AllProperties {
  const models = new Map<string, Properties>();
  const seeds = new Map<string, Properties>();
  const sources = new Map<string, SourceTable>();
  const groups = new Map<string, Declared<GroupProperties>>();
  const exposures = new Map<string, Declared<ExposureProperties>>();
  for (const file of project.properties) {
    const yaml = readYaml(file);
    const value = checkYaml(yaml, propertiesSchema, problems);
    if (value === undefined) continue;
    for (const [branch, known] of [
      ['models', models],
      ['seeds', seeds],
    ] as const) {
      for (const [index, described] of (value[branch] ?? []).entries()) {
        const path = [branch, index];
        const name = described.name.normalize('NFC');
        const other = known.get(name);
        if (other === undefined) known.set(name, { value: described, yaml, path });
        else
          problems.push(yaml.problem(`"${described.name}" is described twice; first in ${other.yaml.file.path}`, path));
      }
    }
    declare(value.groups, 'groups', groups, yaml, problems);
    declare(value.exposures, 'exposures', exposures, yaml, problems);
    for (const [index, source] of (value.sources ?? []).entries()) {
      for (const [tableIndex, table] of source.tables.entries()) {
        const path = ['sources', index, 'tables', tableIndex];
        const key = `${source.name}.${table.name}`;
        if (sources.has(key)) problems.push(yaml.problem(`source "${key}" is declared twice`, path));
        else sources.set(key, { source, table, yaml, path });
      }
    }
  }
  return { models, seeds, sources, groups, exposures };
}

/** Adds what a list of a .yml declares; a name that is declared twice is a problem. */
function declare<T extends { readonly name: string }>(
  list: readonly T[] | undefined,
  key: string,
  known: Map<string, Declared<T>>,
  yaml: YamlFile,
  problems: Problem[],
): void {
  for (const [index, value] of (list ?? []).entries()) {
    const path = [key, index];
    const other = known.get(value.name);
    if (other === undefined) known.set(value.name, { value, yaml, path });
    else problems.push(yaml.problem(`"${value.name}" is declared twice; first in ${other.yaml.file.path}`, path));
  }
}

/** What a .yml file sets for a model or seed, beside `config` and, stronger, under it. */
export function layersOf(described: Properties | undefined): readonly Layer[] {
  if (described === undefined) return [];
  const { value, yaml, path } = described;
  const beside: Config = Object.fromEntries(
    keysBesideConfig.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]])),
  );
  const layer = (config: Config, ...inside: YamlPath): Layer => ({
    config,
    places: new Map(Object.keys(config).map((key) => [key, yaml.written([...path, ...inside, key])])),
  });
  return [layer(beside), layer(value.config ?? {}, 'config')];
}
