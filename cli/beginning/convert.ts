import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import fg from 'fast-glob';
import { UsageError } from '../../runner/text/errors.ts';
import { convertProject, type Task } from '../convert/convert.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { emptyFolder } from './new.ts';

/**
 * Converts a dbt project into a folder of its own, and says what a person has to do, here and in CONVERT.md of that folder. The dbt project
 * stays as it is. @throws UsageError if there is none, or if the folder holds anything.
 */
export function convertCommand(from: string, into: string | undefined, terminal: Terminal): 0 {
  const source = resolve(from);
  if (!existsSync(join(source, 'dbt_project.yml')))
    throw new UsageError({
      what: `there is no dbt_project.yml in ${from}`,
      hint: 'Name the root folder of a dbt project.',
    });
  const root = emptyFolder(into ?? `${source}-datacycle`);
  const paths = fg.sync('**/*', {
    cwd: source,
    ignore: ['target/**', 'dbt_packages/**', 'logs/**', 'node_modules/**', 'package-lock.yml'],
  });
  const isText = (path: string) => /\.(?:sql|ya?ml|md|py)$/.test(path);
  const texts = paths.filter(isText).map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }));
  const { files, tasks } = convertProject(texts, paths);
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const path of paths.filter((one) => !isText(one))) cpSync(join(source, path), join(root, path));
  writeFileSync(join(root, 'CONVERT.md'), report(tasks));
  const shown = relative(process.cwd(), root) || '.';
  if (terminal.json) terminal.event({ type: 'convert', folder: root, files: files.length, tasks });
  terminal.say(`Converted ${files.length} files into ${shown}.`, 'good');
  for (const task of tasks) terminal.notice(line(task));
  const left = tasks.filter(({ toLookAt }) => toLookAt !== true).length;
  terminal.say(
    left === 0
      ? `Nothing is left to do by hand. Next: cd ${shown}, npx datacycle build`
      : `${left} ${left === 1 ? 'place is' : 'places are'} left to do by hand; CONVERT.md lists them. Then: cd ${shown}, npx datacycle build`,
  );
  return 0;
}

function line({ file, line: at, what }: Task): string {
  return `${file}:${at}: ${what}`;
}

function report(tasks: readonly Task[]): string {
  const listOf = (some: readonly Task[], none: string) =>
    some.length === 0 ? none : some.map((task) => `- ${line(task)}`).join('\n');
  const toDo = listOf(
    tasks.filter(({ toLookAt }) => toLookAt !== true),
    'Nothing is left to do by hand.',
  );
  const toLookAt = listOf(
    tasks.filter((task) => task.toLookAt === true),
    'Nothing.',
  );
  return `# What is left to do

Files and lines are those of the dbt project. In the text, what is not converted is a comment that begins with \`CONVERT:\`.

${toDo}

# What to look at

It is converted or left aside, and rarely matters.

${toLookAt}
`;
}
