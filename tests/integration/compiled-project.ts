import { createHash } from 'node:crypto';
import { type Compiled, compileProject } from '../../runner/compile/compile.ts';
import { type Project, textsOf } from '../../runner/project/project.ts';
import type { CheckedFile, CheckedFiles } from '../../runner/project/properties.ts';
import { readProject } from '../../runner/project/read-project.ts';

/** What .yml files say, by their texts: most households have the same. */
const checkedFiles: CheckedFiles = new Map<string, CheckedFile>();

/** What was compiled last, by all that compiling depends on: many households have the same files, in folders of their own. */
const compiledBefore = new Map<string, Compiled>();
const mostBefore = 6;

/**
 * Compiles the project in a folder, or takes what was compiled of the same files before: for copies of this project, which takes
 * half a second to compile.
 */
export function compiledAt(root: string, env: Readonly<Record<string, string>>): Compiled {
  const project = readProject({ root, env });
  return { ...compiledOnce(project), project };
}

function compiledOnce(project: Project): Compiled {
  const { env, seeds, target, vars, folders } = project;
  const texts = textsOf(project).map(({ path, text }) => [path, text]);
  const written = JSON.stringify([seeds, target, vars, folders, texts]);
  // No template can ask for what none of them has in quotes: folders of its own do not make a household another project.
  const named = Object.entries(env).filter(([name]) => written.includes(`"${name}`) || written.includes(`'${name}`));
  const key = createHash('sha256').update(JSON.stringify(named)).update(written).digest('hex');
  const compiled = compiledBefore.get(key) ?? compileProject(project, checkedFiles);
  compiledBefore.delete(key);
  compiledBefore.set(key, compiled);
  for (const oldest of [...compiledBefore.keys()].slice(0, -mostBefore)) compiledBefore.delete(oldest);
  return compiled;
}
