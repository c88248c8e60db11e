import type { Problem } from '../text/errors.ts';
import { didYouMean, nearest } from '../text/suggest.ts';
import { explain } from '../yaml/check.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';
import { type Config, type ConfigKey, configSchema, nodeKeys, testKeys } from './config.ts';
import { type Layer, overlay } from './overlay.ts';
import { noteIgnored, whyIgnored } from './values/ignored-keys.ts';

const none: Layer = { config: {}, places: new Map() };

type Branch = 'models' | 'seeds' | 'snapshots' | 'data_tests';

/** A branch of project.yml, and what it is about. */
export interface BranchOf {
  readonly branch: Branch;
  /** Its key in project.yml. */
  readonly key: string;
  readonly tree: unknown;
  /** The paths of all files that it is about, below the branch's root, so that a misspelt one is found. */
  readonly paths: readonly string[];
  /** The project's name: as in dbt, a level of that name stands for the whole project. */
  readonly project: string;
  readonly file: YamlFile;
}

/**
 * Settings of one branch of project.yml: by folder, and by file as the last level, each over its parent's. A setting has a plus
 * sign before it; without one, a name is a setting if no folder or file is called so.
 */
export class FolderConfig {
  /** What is set at each level itself, weakest first: the project may be a level too, and then a folder has two entries. */
  readonly #own = new Map<string, Layer[]>();
  readonly #merged = new Map<string, Layer>();
  readonly #keys: readonly ConfigKey[];
  readonly #of: BranchOf;
  /** Folders and files, the latter without their endings. */
  readonly #known: ReadonlySet<string>;
  readonly #problems: Problem[];
  readonly #notices: Problem[];

  /** @param notices gets the settings that mean nothing here. */
  constructor(of: BranchOf, problems: Problem[], notices: Problem[]) {
    this.#of = of;
    this.#keys = of.branch === 'data_tests' ? testKeys : nodeKeys;
    this.#known = new Set(of.paths.flatMap((path) => levelsOf(path)));
    this.#problems = problems;
    this.#notices = notices;
    this.#walk([of.key], of.tree ?? {}, '');
  }

  /** The settings for a file, given its path below the branch's root, e.g. `gold/dim_room.sql`. */
  for(path: string): Config {
    return this.layerFor(path).config;
  }

  /** The same, with their places. */
  layerFor(path: string): Layer {
    return levelsOf(path).reduce((above, level) => this.#below(above, level), this.#below(none, ''));
  }

  #below(above: Layer, level: string): Layer {
    const merged = this.#merged.get(level) ?? (this.#own.get(level) ?? []).reduce(overlay, above);
    this.#merged.set(level, merged);
    return merged;
  }

  #walk(path: readonly string[], tree: unknown, folder: string): void {
    const { file, project } = this.#of;
    if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
      this.#problems.push(file.problem(`"${path.join('.')}" must hold folders and +settings`, path));
      return;
    }
    const own: Record<string, unknown> = {};
    /** The key of each setting as it is written. */
    const written = new Map<string, string>();
    const children: [name: string, child: string, value: unknown][] = [];
    for (const [key, value] of Object.entries(tree)) {
      const name = key.replace(/^\+/, '');
      const child = folder === '' ? key : `${folder}/${key}`;
      if (this.#known.has(child)) children.push([key, child, value]);
      else if (folder === '' && path.length === 1 && key === project) children.push([key, '', value]);
      else if ((this.#keys as readonly string[]).includes(name)) {
        own[name] = value;
        written.set(name, key);
      } else this.#unknown(path, key, child);
    }
    const checked = configSchema.safeParse(own);
    const within = ([key, ...inside]: YamlPath) => [...path, written.get(String(key)) ?? String(key), ...inside];
    this.#problems.push(...explain(file, checked.error, configSchema, within));
    const places = new Map(Object.keys(own).map((key) => [key, file.written(within([key]))] as const));
    this.#own.set(folder, [...(this.#own.get(folder) ?? []), { config: checked.data ?? {}, places }]);
    // A key beside the project's own level is stronger.
    children.sort(([, a], [, b]) => Number(a !== '') - Number(b !== ''));
    for (const [name, child, value] of children) this.#walk([...path, name], value, child);
  }

  #unknown(path: readonly string[], key: string, child: string): void {
    const { file } = this.#of;
    const why = whyIgnored(key.replace(/^\+/, ''), path, false);
    if (why !== undefined) {
      noteIgnored(this.#notices, file, key, path, why);
      return;
    }
    if (key.startsWith('+')) {
      const known = this.#keys.map((name) => `+${name}`);
      this.#problems.push(file.problem(`"${key}" is not a known setting`, path, didYouMean(key, known), key));
      return;
    }
    const what = `there is no folder ${path[0]}/${child}`;
    const meant = nearest(child, this.#known);
    // As in dbt, what is set for something else, a package say, is no fault.
    if (meant === undefined && path.length === 1) this.#notices.push(file.problem(what, path, 'It sets nothing.', key));
    else this.#problems.push(file.problem(what, path, didYouMean(child, this.#known), key));
  }
}

/** The folders that hold a file, from the root on, and the file without its ending: `a/b/c.sql` gives `a`, `a/b`, `a/b/c`. */
function levelsOf(path: string): string[] {
  const parts = path.replace(/\.\w+$/, '').split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
