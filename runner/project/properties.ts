import type { Problem } from '../text/errors.ts';
import { YamlFile, type YamlPath } from '../text/yaml-file.ts';
import type { Project } from './project.ts';
import { type Described, propertiesSchema, type SourceProperties } from './properties-schema.ts';
import { type SettingPlaces, settingAt } from './setting-places.ts';

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

export interface AllProperties {
  readonly models: ReadonlyMap<string, Properties>;
  readonly seeds: ReadonlyMap<string, Properties>;
  /** By `source.table`. */
  readonly sources: ReadonlyMap<string, SourceTable>;
}

/** Reads every .yml beside the models and seeds; faults and things described twice go to `problems`. */
export function readProperties(project: Project, problems: Problem[]): AllProperties {
  const models = new Map<string, Properties>();
  const seeds = new Map<string, Properties>();
  const sources = new Map<string, SourceTable>();
  for (const file of project.properties) {
    const yaml = new YamlFile(file);
    const value = yaml.check(propertiesSchema, problems);
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
    for (const [index, source] of (value.sources ?? []).entries()) {
      for (const [tableIndex, table] of source.tables.entries()) {
        const path = ['sources', index, 'tables', tableIndex];
        const key = `${source.name}.${table.name}`;
        if (sources.has(key)) problems.push(yaml.problem(`source "${key}" is declared twice`, path));
        else sources.set(key, { source, table, yaml, path });
      }
    }
  }
  return { models, seeds, sources };
}

/** The places of the settings under `config` in a .yml file. */
export function placesInProperties(described: Properties | undefined): SettingPlaces {
  if (described === undefined) return new Map();
  const { value, yaml, path } = described;
  return new Map(Object.keys(value.config ?? {}).map((key) => [key, settingAt(yaml, [...path, 'config', key])]));
}
