import type { Problem } from '../text/errors.ts';
import type { FileTree } from './file-tree.ts';
import { type FolderKind, type Folders, folderKinds } from './folders.ts';

/** Files that dbt reads and this program does not, and what to do instead of each. */
const others: readonly { readonly files: readonly string[]; readonly hint: string }[] = [
  { files: ['selectors.yaml'], hint: 'Call it selectors.yml.' },
  {
    files: ['packages.yml', 'dependencies.yml'],
    hint: 'There are no packages: copy the macros that you need into macros/.',
  },
  { files: ['dbt_project.yml'], hint: 'Settings are in project.yml: take over what counts, and delete it.' },
];

/** A folder in which files of one ending are read, whatever their case elsewhere. */
const endings: readonly (readonly [kind: FolderKind, ending: string])[] = [
  ['model', 'sql'],
  ['snapshot', 'sql'],
  ['analysis', 'sql'],
  ['macro', 'sql'],
  ['test', 'sql'],
  ...folderKinds.map((kind) => [kind, '{yml,yaml}'] as const),
  ['seed', 'csv'],
];

/**
 * The files of a project that are meant to be read and are not: each kind a problem, which names the first of them.
 */
export function filesNotRead(tree: FileTree, folders: Folders): Problem[] {
  const kinds = [
    ...others.map(({ files, hint }) => ({ found: tree.find(files), hint })),
    {
      found: folders.model.flatMap((path) => tree.within(path, '**/*.py')),
      hint: 'A model is one select statement in a .sql file.',
    },
  ];
  const places = endings.flatMap(([kind, ending]) => folders[kind].map((folder) => [folder, ending] as const));
  const misnamed = places.flatMap(([folder, ending]) => {
    const read = new Set(tree.within(folder, `**/*.${ending}`));
    return tree.within(folder, `**/*.${ending}`, { ignoreCase: true }).filter((path) => !read.has(path));
  });
  kinds.push({ found: misnamed, hint: 'Write the ending in small letters: .sql, .yml, .csv.' });
  return kinds.flatMap(({ found: [first, ...more], hint }) => {
    if (first === undefined) return [];
    const others = more.length === 0 ? ' is' : ` and ${more.length} more like it are`;
    return [{ what: `${first}${others} not read`, hint }];
  });
}
