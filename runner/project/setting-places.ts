import type { Place } from '../text/place.ts';
import { SqlText } from '../text/sql-text.ts';
import type { YamlFile, YamlPath } from '../text/yaml-file.ts';

/** The place of a setting; with a path, the place of that part of its value. */
export interface SettingPlace {
  readonly place: (...inside: YamlPath) => Place;
  /** What it says in SQL, as text that knows its places. */
  readonly sql: (value: string, ...inside: YamlPath) => SqlText;
}

/** Where each setting of a node is made that counts for it. */
export type SettingPlaces = ReadonlyMap<string, SettingPlace>;

/** The places of a setting in a YAML file. */
export function settingAt(yaml: YamlFile, path: YamlPath): SettingPlace {
  return {
    place: (...inside) => yaml.place([...path, ...inside]),
    sql: (value, ...inside) => yaml.text(value, [...path, ...inside]),
  };
}

/** The SQL of a setting, with its place if the setting has one. */
export function sqlOf(settings: SettingPlaces, key: string, value: string, ...inside: YamlPath): SqlText {
  return settings.get(key)?.sql(value, ...inside) ?? new SqlText(value);
}
