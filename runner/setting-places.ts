import type { Config } from './config.ts';
import type { Place } from './place.ts';
import type { Properties } from './properties.ts';
import type { YamlPath } from './yaml-file.ts';

/** Where each setting of a node is made that counts for it; given a path, where that part of its value stands. */
export type SettingPlaces = ReadonlyMap<string, (...inside: YamlPath) => Place>;

/** The places of the settings under `config` in a .yml file. */
export function placesInProperties(described: Properties | undefined): SettingPlaces {
  const { value, yaml, path } = described ?? {};
  const config: Config = value?.config ?? {};
  return new Map(
    Object.keys(config).flatMap((key) =>
      yaml === undefined ? [] : [[key, (...inside) => yaml.place([...(path ?? []), 'config', key, ...inside])]],
    ),
  );
}
