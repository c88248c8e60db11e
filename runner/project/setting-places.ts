import type { Place } from '../text/place.ts';
import { SqlText } from '../text/sql-text.ts';
import type { Written } from '../yaml/written.ts';
import type { YamlPath } from '../yaml/yaml-file.ts';

/** Where each setting of a node is made that counts for it. */
export type SettingPlaces = ReadonlyMap<string, Written>;

/** The place of a setting; with a path, that of this part of its value, or of the nearest part around it that has one. */
export function settingPlace(settings: SettingPlaces, key: string, ...inside: YamlPath): Place | undefined {
  const written = settings.get(key);
  return written && partOf(written, inside).place;
}

/** The SQL that a setting says, or a part of it; its characters know their places if the setting has one. */
export function sqlOf(settings: SettingPlaces, key: string, value: string, ...inside: YamlPath): SqlText {
  const written = settings.get(key);
  return written === undefined ? new SqlText(value) : sqlAt(partOf(written, inside), value);
}

/** A part of what is written, or the nearest one around it that is known by itself. */
export function partOf(written: Written, path: YamlPath): Written {
  let at = written;
  for (const step of path) {
    const part = at.parts !== undefined && Object.hasOwn(at.parts, step) ? at.parts[step] : undefined;
    if (part === undefined) break;
    at = part;
  }
  return at;
}

/** What is written at a place as SQL: `value`, whose characters keep their places in that file. */
export function sqlAt({ place, sql }: Written, value: string): SqlText {
  return sql?.text === value ? sql : SqlText.from(place, value);
}
