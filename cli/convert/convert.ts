// A dbt project as one of this program: texts in, texts and tasks out. Nothing is read or written here.
//
//   1. convert.ts          goes through the files, by what they are
//   2. blocks.ts           finds macros, generic tests and snapshots in them, each of which becomes a file of its own
//   3. template.ts         converts a template, piece by piece (jinja-pieces.ts); what has no counterpart stays as a comment
//   4. write-expression.ts writes an expression of Jinja as the template language has it; package-macros.ts has those of dbt_utils,
//                         constants.ts what filters make of constants
//   5. yaml.ts             converts the templates in .yml files
//
// Nothing is dropped: what isn't converted stays in the text, or as a file in not-converted/, and is in the list of tasks.
import { blanked } from '../../runner/text/place.ts';
import { blocksOf, forPostgres, type NamedBlock } from './blocks.ts';
import { convertTemplate, type Task } from './template.ts';
import { convertYaml } from './yaml.ts';

export type { Task };

/** A file: its path below the root, with forward slashes, and its text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Converts the .sql and .yml files of a project; other files stay as they are.
 * @param paths of all files of the project, those among them that are no texts.
 */
export function convertProject(
  files: readonly TextFile[],
  paths: readonly string[] = files.map(({ path }) => path),
): { readonly files: TextFile[]; readonly tasks: Task[] } {
  const tasks: Task[] = [];
  const made: TextFile[] = [];
  const add = (path: string, text: string) => made.push({ path, text });
  const leave = ({ path, text }: TextFile, what: string, line = 1, file = path) => {
    tasks.push({ file, line, what });
    add(`not-converted/${path}.txt`, text);
  };
  const folders = new Set(paths.flatMap(foldersOf));
  const named: NamedBlock[] = [];
  /** The comments outside of the blocks of a file, for the first file that is written of it. */
  const comments = new Map<string, string>();
  const templates: TextFile[] = [];
  for (const file of files) {
    const { path, text } = file;
    if (path === 'dbt_project.yml') add('project.yml', convertYaml(text, path, tasks, folders));
    else if (/^(?:packages|dependencies)\.yml$/.test(path))
      leave(file, 'there are no packages: copy the macros that are listed as missing into macros/');
    else if (path === 'profiles.yml')
      tasks.push({
        file: path,
        line: 1,
        what: 'the address of the database is DB_URL, in a file .env; not copied, since it may hold a password',
      });
    else if (path.endsWith('.py')) leave(file, 'a model in Python: write it as one select');
    else if (/^tests\/.*\.ya?ml$/.test(path))
      leave(file, 'settings of tests belong into the test, or by folder into project.yml');
    else if (/\.ya?ml$/.test(path)) add(path, convertYaml(text, path, tasks));
    else if (!path.endsWith('.sql')) add(path, text);
    else {
      const { blocks, around } = blocksOf(text, path, tasks);
      named.push(...blocks);
      if (blocks.length === 0) templates.push(file);
      else {
        const said = around.match(/\{#[\s\S]*?#\}/g) ?? [];
        if (said.length > 0) comments.set(path, said.map((one) => `${one}\n`).join(''));
        const rest = around.replace(/\{#[\s\S]*?#\}/g, blanked);
        if (rest.trim() !== '')
          leave(
            { path, text: `${around.trim()}\n` },
            `text outside of the blocks of this file is in not-converted/${path}.txt`,
            rest.slice(0, rest.search(/\S/)).split('\n').length,
          );
      }
    }
  }
  const macros = forPostgres(named.filter(({ kind }) => kind === 'macro'));
  for (const { kind, name, body, file, line } of named)
    if (kind === 'macro' && !macros.some((macro) => macro.file === file && macro.line === line)) {
      const what = `the macro ${name} is not the one for PostgreSQL and is in not-converted/macros/${name}.sql.txt`;
      tasks.push({ file, line, what, toLookAt: true });
      add(`not-converted/macros/${name}.sql.txt`, body);
    }
  const signatures = new Map(macros.map((macro) => [macro.name, macro]));
  for (const { path, text } of templates) add(path, convertTemplate(text, path, signatures, tasks));
  for (const one of [...macros, ...named.filter(({ kind }) => kind !== 'macro')]) {
    const said = convertTemplate(comments.get(one.file) ?? '', one.file, signatures, tasks);
    comments.delete(one.file);
    const text = `${said}${convertTemplate(one.body, one.file, signatures, tasks, one.line).trim()}`;
    const folder = one.file.includes('/') ? one.file.slice(0, one.file.lastIndexOf('/')) : 'macros';
    if (one.kind === 'macro') add(`${folder}/${one.name}.sql`, text);
    else if (one.kind === 'snapshot') add(`${folder}/${one.name}.sql`, `${text}\n`);
    else if (one.kind === 'materialization')
      leave(
        { path: `${folder}/${one.name}.sql`, text: one.body },
        'there are no materializations of your own',
        one.line,
        one.file,
      );
    else add(`tests/generic/${one.name}.sql`, `${declared(one)}${text}\n`);
  }
  return { files: made, tasks: tasks.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)) };
}

/** `a` and `a/b` of `a/b/c.sql`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The arguments of a generic test, with types as the defaults have them. */
function declared({ parameters }: NamedBlock): string {
  const own = parameters.filter(([name]) => name !== 'model' && name !== 'column_name');
  if (own.length === 0) return '';
  const types = own.map(([name, byDefault]) => {
    const value = byDefault?.kind === 'value' ? byDefault.value : undefined;
    const type = typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'sql';
    return `${name}="${type}${value === null ? '?' : value === undefined ? '' : ` = ${value}`}"`;
  });
  return `{{arguments ${types.join(' ')}}}\n`;
}
