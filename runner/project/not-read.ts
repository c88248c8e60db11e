import type { Problem } from '../text/errors.ts';
import type { FileTree } from './file-tree.ts';

/** Files that dbt reads and this program does not, and what to do instead of each. */
const others: readonly { readonly files: readonly string[]; readonly hint: string }[] = [
  {
    files: ['snapshots/**/*.{sql,yml,yaml}'],
    hint: 'A snapshot is a model: put its select into models/ with {{config materialized="snapshot"}}, or its settings into the .yml there.',
  },
  {
    files: ['analyses/**/*.sql', 'analysis/**/*.sql'],
    hint: 'Put it where nothing is read, and run it by `datacycle show --inline`; or make it an ephemeral model.',
  },
  { files: ['selectors.yaml'], hint: 'Call it selectors.yml.' },
  {
    files: ['packages.yml', 'dependencies.yml'],
    hint: 'There are no packages: copy the macros that you need into macros/.',
  },
  { files: ['dbt_project.yml'], hint: 'Settings are in project.yml: take over what counts, and delete it.' },
  { files: ['models/**/*.py'], hint: 'A model is one select statement in a .sql file.' },
  { files: ['macros/**/*.{yml,yaml}'], hint: 'Describe a macro in a comment in its file: {{!-- ... --}}.' },
];

/** A folder in which files of one ending are read, whatever their case elsewhere. */
const endings = [
  ['models', 'sql'],
  ['macros', 'sql'],
  ['models', '{yml,yaml}'],
  ['seeds', '{yml,yaml}'],
  ['seeds', 'csv'],
] as const;

/**
 * The files of a project that somebody wrote to be read and that are not: each kind a problem, which names the first of them.
 * @param testPaths where the data tests are.
 */
export function filesNotRead(tree: FileTree, testPaths: readonly string[]): Problem[] {
  const kinds = [
    ...others.map(({ files, hint }) => ({ found: tree.find(files), hint })),
    {
      found: testPaths.flatMap((path) => tree.within(path, '**/*.{yml,yaml}')),
      hint: 'Say where a test is what it is: severity and tags by {{config ...}} in its file, or by folder in project.yml.',
    },
  ];
  const misnamed = [...endings, ...testPaths.map((path) => [path, 'sql'] as const)].flatMap(([folder, ending]) => {
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
