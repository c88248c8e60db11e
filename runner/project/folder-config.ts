import type { Problem } from '../text/errors.ts';
import { didYouMean } from '../text/suggest.ts';
import { explain } from '../yaml/check.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';
import { type Config, type ConfigKey, configSchema, nodeKeys, testKeys } from './config.ts';
import { type Layer, overlay } from './overlay.ts';

const none: Layer = { config: {}, places: new Map() };

/** Settings of one branch of project.yml (`models`, `seeds`, `data_tests`): by folder, each over its parent's. */
export class FolderConfig {
  readonly #byFolder = new Map<string, Layer>();
  readonly #keys: readonly ConfigKey[];

  /**
   * @param branch the key in project.yml.
   * @param folders all folders that exist below the branch's root, so that a misspelt one is found.
   */
  constructor(
    branch: 'models' | 'seeds' | 'data_tests',
    tree: unknown,
    folders: ReadonlySet<string>,
    file: YamlFile,
    problems: Problem[],
  ) {
    this.#keys = branch === 'data_tests' ? testKeys : nodeKeys;
    this.#walk([branch], tree ?? {}, '', none, folders, file, problems);
  }

  /** The settings for a file, given its path below the branch's root, e.g. `gold/dim_room.sql`. */
  for(path: string): Config {
    return this.layerFor(path).config;
  }

  /** The same, with their places. */
  layerFor(path: string): Layer {
    const parts = path.split('/').slice(0, -1);
    for (let length = parts.length; length >= 0; length -= 1) {
      const settings = this.#byFolder.get(parts.slice(0, length).join('/'));
      if (settings !== undefined) return settings;
    }
    return none;
  }

  #walk(
    path: readonly string[],
    tree: unknown,
    folder: string,
    inherited: Layer,
    folders: ReadonlySet<string>,
    file: YamlFile,
    problems: Problem[],
  ): void {
    if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
      problems.push(file.problem(`"${path.join('.')}" must hold folders and +settings`, path));
      return;
    }
    const own: Record<string, unknown> = {};
    const children: [string, unknown][] = [];
    for (const [key, value] of Object.entries(tree)) {
      if (!key.startsWith('+')) {
        children.push([key, value]);
      } else if ((this.#keys as readonly string[]).includes(key.slice(1))) {
        own[key.slice(1)] = value;
      } else {
        const known = this.#keys.map((name) => `+${name}`);
        problems.push(file.problem(`"${key}" is not a known setting`, path, didYouMean(key, known), key));
      }
    }
    const checked = configSchema.safeParse(own);
    const within = ([key, ...inside]: YamlPath) => [...path, `+${String(key)}`, ...inside];
    problems.push(...explain(file, checked.error, configSchema, within));
    const places = new Map(Object.keys(own).map((key) => [key, file.written(within([key]))] as const));
    const settings = overlay(inherited, { config: checked.data ?? {}, places });
    this.#byFolder.set(folder, settings);
    for (const [name, value] of children) {
      const child = folder === '' ? name : `${folder}/${name}`;
      if (folders.has(child)) {
        this.#walk([...path, name], value, child, settings, folders, file, problems);
        continue;
      }
      const isSetting = (this.#keys as readonly string[]).includes(name);
      const hint = isSetting ? `A setting begins with a plus sign: +${name}.` : didYouMean(child, folders);
      problems.push(file.problem(`there is no folder ${path[0]}/${child}`, path, hint, name));
    }
  }
}

/** Every folder that holds one of `paths`, itself or below: `a/b/c.sql` gives `a` and `a/b`. */
export function foldersOf(paths: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    for (let length = 1; length <= parts.length; length += 1) folders.add(parts.slice(0, length).join('/'));
  }
  return folders;
}
