import { basename, extname } from 'node:path/posix';
import type { Problem } from '../text/errors.ts';
import type { YamlFile } from '../yaml/yaml-file.ts';

/** The kinds of files of a project, and the folder of each where project.yml names none. */
const usualFolders = {
  model: ['models'],
  seed: ['seeds'],
  snapshot: ['snapshots'],
  analysis: ['analyses'],
  macro: ['macros'],
  test: ['tests'],
} as const;

export type FolderKind = keyof typeof usualFolders;

/** All of them; the folders of each may hold .yml files and texts in Markdown. */
export const folderKinds = Object.keys(usualFolders) as FolderKind[];

/** The key of project.yml for the folders of a kind. */
export type PathKey = `${FolderKind}-paths` | `${FolderKind}_paths`;
export const pathKeys = folderKinds.flatMap((kind) => [`${kind}-paths`, `${kind}_paths`]) as PathKey[];

/** The folders of a project by the kind of their files, relative to the root, without a slash at the end. */
export type Folders = Readonly<Record<FolderKind, readonly string[]>>;

/** The folders that project.yml names, e.g. `model-paths: [models, marts]`; one that is not there is a problem. */
export function foldersOf(
  settings: Readonly<Partial<Record<PathKey, readonly string[] | undefined>>>,
  exists: (path: string) => boolean,
  file: YamlFile,
  problems: Problem[],
): Folders {
  const kinds = Object.entries(usualFolders).map(([kind, folders]) => {
    const key = [`${kind}-paths`, `${kind}_paths`].find((one) => Object.hasOwn(settings, one)) as PathKey | undefined;
    const written = key === undefined ? undefined : settings[key];
    const paths = (written ?? folders).map((path) => path.replaceAll('\\', '/').replace(/^\.\/|\/+$/g, ''));
    for (const [index, path] of paths.entries())
      if (key !== undefined && !exists(path)) problems.push(file.problem(`there is no folder ${path}`, [key, index]));
    return [kind, paths];
  });
  return Object.fromEntries(kinds) as Folders;
}

/** The path of a file below the folder of its kind: `models/gold/dim_room.sql` gives `gold/dim_room.sql`. */
export function pathBelow(folders: readonly string[], path: string): string {
  const folder = folders.find((one) => path.startsWith(`${one}/`));
  return folder === undefined ? path : path.slice(folder.length + 1);
}

/**
 * The name of what a file holds: a model, seed, macro or test.
 * In Unicode's composed form, as references are compared: a Mac may write the names of files in the other.
 */
export function nameOf(path: string): string {
  return basename(path, extname(path)).normalize('NFC');
}

/** Whether a file below a folder of tests holds a generic test: it lies in `generic/` there. */
export function isGeneric({ testPaths }: { readonly testPaths: readonly string[] }, file: string): boolean {
  return testPaths.some((path) => file.startsWith(`${path}/generic/`) || file.startsWith(`${path}/data/generic/`));
}
