import type { Problem } from '../text/errors.ts';
import type { SourceFile } from '../text/source-file.ts';
import { checkYaml } from '../yaml/check.ts';
import { readYaml } from '../yaml/parse.ts';
import { type ParsedYaml, YamlFile, type YamlPath } from '../yaml/yaml-file.ts';
import type { Config } from './config.ts';
import type { ExposureProperties, GroupProperties } from './exposure-schema.ts';
import { nameOf } from './folders.ts';
import type { Layer } from './overlay.ts';
import type { Project } from './project.ts';
import {
  type Described,
  keysBesideConfig,
  type Properties as PropertiesOfFile,
  propertiesSchema,
  type SourceProperties,
  type TestProperties,
  type UnitTestProperties,
} from './properties-schema.ts';
import { docsBlocks } from './values/docs-blocks.ts';
import { noteIgnored, whyIgnored } from './values/ignored-keys.ts';
import { renderTemplates, type YamlValues } from './values/yaml-templates.ts';

/** What a .yml file says of one model or seed, with its place there. */
export interface Properties {
  /** Of a model with versions, the number of the entry of this one. */
  readonly version?: number | undefined;
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

/** A model of which there are several at once. */
export interface Versions {
  /** The name of the model that a reference without a version means. */
  readonly latest: string;
  /** The names of all of its models by their versions. */
  readonly models: ReadonlyMap<string, string>;
}

export interface AllProperties {
  readonly versions: ReadonlyMap<string, Versions>;
  readonly models: ReadonlyMap<string, Properties>;
  readonly seeds: ReadonlyMap<string, Properties>;
  /** By `source.table`. */
  readonly sources: ReadonlyMap<string, SourceTable>;
  readonly groups: ReadonlyMap<string, Declared<GroupProperties>>;
  readonly exposures: ReadonlyMap<string, Declared<ExposureProperties>>;
  readonly unitTests: readonly Declared<UnitTestProperties>[];
  /** What is said of tests that have a file of their own, by name. */
  readonly tests: ReadonlyMap<string, Declared<TestProperties>>;
}

/** What a .yml file without faults says. */
export interface CheckedFile {
  readonly parsed: ParsedYaml;
  readonly value: PropertiesOfFile;
}

/** What .yml files were found to say before, by their texts. */
export interface CheckedFiles {
  get(text: string): CheckedFile | undefined;
  set(text: string, found: CheckedFile): void;
}

/** @param problems gets the faults of the file; undefined if they leave nothing of it. */
function checkedFile(
  file: SourceFile,
  values: YamlValues,
  problems: Problem[],
  notices: Problem[],
  checked: CheckedFiles,
): { readonly yaml: YamlFile; readonly value: PropertiesOfFile } | undefined {
  const before = checked.get(file.text);
  if (before !== undefined) return { yaml: new YamlFile(file, before.parsed), value: before.value };
  const faults: Problem[] = [];
  const ignored: Problem[] = [];
  const yaml = renderTemplates(readYaml(file), values, faults);
  const value = checkYaml(yaml, propertiesSchema, faults, (key, path) => {
    const why = whyIgnored(key, path, false);
    if (why !== undefined) noteIgnored(ignored, yaml, key, path, why);
    return why !== undefined;
  });
  // What a template says may be another thing the next time.
  const isWhole = faults.length + ignored.length + yaml.parsed.templates.length === 0;
  if (value !== undefined && isWhole) checked.set(file.text, { parsed: yaml.parsed, value });
  problems.push(...faults);
  notices.push(...ignored);
  return value && { yaml, value };
}

/**
 * Reads every .yml beside the models and seeds; faults and things described twice go to `problems`, what means nothing here to
 * `notices`.
 */
export function readProperties(
  project: Project,
  problems: Problem[],
  notices: Problem[],
  checked: CheckedFiles = new Map(),
): AllProperties {
  const values = {
    env: project.env,
    secrets: project.settings.secrets ?? [],
    vars: project.vars,
    target: { schema: 'public', ...project.target, project_name: project.settings.name },
    docs: docsBlocks(project.docs, problems),
  };
  const fileNames = new Set(project.models.map(({ path }) => nameOf(path)));
  const models = new Map<string, Properties>();
  const versions = new Map<string, Versions>();
  const seeds = new Map<string, Properties>();
  const sources = new Map<string, SourceTable>();
  const groups = new Map<string, Declared<GroupProperties>>();
  const exposures = new Map<string, Declared<ExposureProperties>>();
  const unitTests: Declared<UnitTestProperties>[] = [];
  const tests = new Map<string, Declared<TestProperties>>();
  for (const file of project.properties) {
    const found = checkedFile(file, values, problems, notices, checked);
    if (found === undefined) continue;
    const { yaml, value } = found;
    for (const [branch, known] of [
      ['models', models],
      ['snapshots', models],
      ['seeds', seeds],
    ] as const) {
      for (const [index, described] of (value[branch] ?? []).entries()) {
        const path = [branch, index];
        const found = describedBy(fileNames, { value: described, yaml, path }, versions, problems);
        for (const [name, properties] of found) {
          const other = known.get(name);
          if (other === undefined) known.set(name, properties);
          else problems.push(yaml.problem(`"${name}" is described twice; first in ${other.yaml.file.path}`, path));
        }
      }
    }
    declare(value.groups, 'groups', groups, yaml, problems);
    declare(value.exposures, 'exposures', exposures, yaml, problems);
    declare(value.data_tests, 'data_tests', tests, yaml, problems);
    for (const [index, one] of (value.unit_tests ?? []).entries())
      unitTests.push({ value: one, yaml, path: ['unit_tests', index] });
    for (const [index, source] of (value.sources ?? []).entries()) {
      for (const [tableIndex, table] of source.tables.entries()) {
        const path = ['sources', index, 'tables', tableIndex];
        const key = `${source.name}.${table.name}`;
        if (sources.has(key)) problems.push(yaml.problem(`source "${key}" is declared twice`, path));
        else sources.set(key, { source, table, yaml, path });
      }
    }
  }
  return { models, seeds, sources, groups, exposures, versions, unitTests, tests };
}

/**
 * The models or seeds that an entry describes, by their names: several, if it has versions, which are added to `versions`.
 * @param fileNames the names of the files of models.
 */
function describedBy(
  fileNames: ReadonlySet<string>,
  properties: Properties,
  versions: Map<string, Versions>,
  problems: Problem[],
): readonly (readonly [string, Properties])[] {
  const { value, yaml, path } = properties;
  const name = value.name.normalize('NFC');
  if (value.versions === undefined) return [[name, properties]];
  const of = new Map<string, string>();
  const found = value.versions.map((version, index) => {
    const usual = [`${name}_v${version.v}`, `${name}.v${version.v}`];
    const file = version.defined_in ?? usual.find((one) => fileNames.has(one)) ?? usual[0] ?? name;
    of.set(String(version.v), file);
    const { description = value.description, access = value.access } = version;
    return [file, { value: { ...value, description, access }, yaml, path, version: index }] as const;
  });
  const { latest_version: wanted = highest(value.versions.map(({ v }) => v)) } = value;
  const latest = of.get(String(wanted));
  if (latest === undefined)
    problems.push(yaml.problem(`there is no version ${wanted} of "${name}"`, [...path, 'latest_version']));
  versions.set(name, { latest: latest ?? name, models: of });
  return found;
}

/** The latest of versions: numbers by their size, or texts by their letters. */
function highest(versions: readonly (string | number)[]): string | number {
  const numbers = versions.map(Number);
  if (numbers.every(Number.isFinite)) return Math.max(...numbers);
  return versions.map(String).sort().at(-1) ?? '';
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
  const own = described.version === undefined ? undefined : value.versions?.[described.version]?.config;
  return [
    layer(beside),
    layer(value.config ?? {}, 'config'),
    ...(own === undefined ? [] : [layer(own, 'versions', described.version ?? 0, 'config')]),
  ];
}
