import type { SourceNode } from '../manifest/manifest.ts';
import type { AllProperties } from '../project/properties.ts';
import type { SourceSettings } from '../project/properties-schema.ts';
import { oneStatement } from '../text/one-statement.ts';
import { columnSpecs } from './draft/constraints.ts';

/** The tables that .yml files declare under sources, by `source.table`. @param disabled gets the names of those that are not enabled. */
export function compileSources(properties: AllProperties, disabled: Set<string>): Map<string, SourceNode> {
  const sources = new Map<string, SourceNode>();
  for (const [key, { source, table, yaml, path }] of properties.sources) {
    const settings = settingsOf(source, table);
    if (settings.enabled === false) {
      disabled.add(key);
      continue;
    }
    sources.set(key, {
      kind: 'source',
      id: `source.${key}`,
      name: key,
      description: table.description ?? '',
      sourceDescription: source.description ?? '',
      loader: table.loader ?? source.loader,
      file: yaml.file.path,
      tags: settings.tags,
      meta: settings.meta,
      dependsOn: [],
      relation: { schema: source.schema ?? source.name, name: table.identifier ?? table.name },
      columns: columnSpecs(table.columns, { yaml, path }),
      eventTime: table.event_time ?? settings.event_time,
      loadedAtField: settings.loaded_at_field,
      loadedAtQuery: settings.loaded_at_query,
      freshness: settings.freshness ?? undefined,
      rowsVersion:
        table.rows_version === undefined
          ? undefined
          : oneStatement(yaml.text(table.rows_version, [...path, 'rows_version']), 'rows_version'),
      place: yaml.place(path),
      isPersonal: table.subject !== false,
    });
  }
  return sources;
}

/** What holds for a table: what it says itself, else what its source says, in `config` or beside it; tags and meta add up. */
function settingsOf(source: SourceSettings, table: SourceSettings) {
  const { config: ofSource, ...besideSource } = source;
  const { config: ofTable, ...besideTable } = table;
  const layers = [besideSource, ofSource ?? {}, besideTable, ofTable ?? {}].map(defined);
  return {
    ...Object.assign({}, ...layers),
    tags: [...new Set(layers.flatMap(({ tags = [] }) => tags))],
    meta: Object.assign({}, ...layers.map(({ meta }) => meta)) as Readonly<Record<string, unknown>>,
  } as Omit<NonNullable<SourceSettings['config']>, 'tags' | 'meta'> & {
    readonly tags: readonly string[];
    readonly meta: Readonly<Record<string, unknown>>;
  };
}

function defined<T extends object>(layer: T): T {
  return Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as T;
}
