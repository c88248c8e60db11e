// Where a project begins.
//
//   new.ts  copies the project of templates/new/ into an empty folder, with the JSON schemas for editors
//   demo-days.ts  days of an invented household, loaded, built, learnt and predicted from
//
// Nothing that is there is overwritten, and no database is needed: `build` in the new folder makes the embedded one.
import { cpSync, existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { UsageError } from '../../runner/text/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Writes a small project that builds at once. @throws UsageError if the folder holds anything. */
export function newProject(folder: string, terminal: Terminal): 0 {
  const root = emptyFolder(folder);
  cpSync(shipped('templates/new'), root, { recursive: true });
  // Under its own name it would count for the templates, too.
  renameSync(join(root, 'gitignore'), join(root, '.gitignore'));
  cpSync(shipped('docs/schemas'), join(root, 'schemas'), { recursive: true });
  const shown = relative(process.cwd(), root) || '.';
  if (terminal.json) terminal.event({ type: 'new', folder: root });
  terminal.say(`Wrote a project to ${shown}.`, 'good');
  terminal.say(`Next:
  1. cd ${shown}
  2. npx datacycle build
  3. npx datacycle show --select fact_member_loans`);
  return 0;
}

/** The path of a folder that is empty or not there. @throws UsageError if it holds anything, or is a file. */
export function emptyFolder(folder: string): string {
  const root = resolve(folder);
  if (!existsSync(root)) return root;
  if (!statSync(root).isDirectory())
    throw new UsageError({ what: `${folder} is a file`, hint: 'Name another folder.' });
  const [first] = readdirSync(root);
  if (first === undefined) return root;
  throw new UsageError({
    what: `${folder} is not empty: it holds ${first}`,
    hint: 'Name a folder that is empty or not there: nothing is ever overwritten.',
  });
}

/** What lies beside the program, whether it runs from its source or from dist/. */
function shipped(path: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, path))) {
    if (dirname(folder) === folder) throw new Error(`${path} is missing beside the program: install it again`);
    folder = dirname(folder);
  }
  return join(folder, path);
}
