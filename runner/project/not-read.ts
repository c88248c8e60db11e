import fg from 'fast-glob';
import type { Problem } from '../text/errors.ts';

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
  { files: ['selectors.yml', 'selectors.yaml'], hint: 'Write selections on the command line, or give the nodes tags.' },
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
  ['{models,macros}', 'sql'],
  ['{models,seeds}', '{yml,yaml}'],
  ['seeds', 'csv'],
] as const;

/**
 * The files of a project that somebody wrote to be read and that are not: each kind a problem, which names the first of them.
 * @param testPaths where the data tests are.
 */
export function filesNotRead(root: string, testPaths: readonly string[]): Problem[] {
  const find = (patterns: readonly string[], caseSensitiveMatch = true) =>
    fg.sync([...patterns], { cwd: root, onlyFiles: true, caseSensitiveMatch }).sort();
  const tests = testPaths.map((path) => fg.escapePath(path));
  const kinds = [
    ...others,
    {
      files: tests.map((path) => `${path}/**/*.{yml,yaml}`),
      hint: 'Say where a test is what it is: severity and tags by {{config ...}} in its file, or by folder in project.yml.',
    },
  ].map(({ files, hint }) => ({ found: find(files), hint }));
  const misnamed = [...endings, ...tests.map((path) => [path, 'sql'] as const)].flatMap(([folder, ending]) => {
    const read = new Set(find([`${folder}/**/*.${ending}`]));
    return find([`${folder}/**/*.${ending}`], false).filter((path) => !read.has(path));
  });
  kinds.push({ found: misnamed, hint: 'Write the ending in small letters: .sql, .yml, .csv.' });
  return kinds.flatMap(({ found: [first, ...more], hint }) => {
    if (first === undefined) return [];
    const others = more.length === 0 ? ' is' : ` and ${more.length} more like it are`;
    return [{ what: `${first}${others} not read`, hint }];
  });
}
