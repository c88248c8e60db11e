import { type Compiled, compileProject } from '../../../runner/compile/compile.ts';
import type { ModelNode, SeedNode, TestNode } from '../../../runner/manifest/manifest.ts';
import { type ProjectOptions, readProject } from '../../../runner/project/project.ts';
import { type Problem, ProjectError } from '../../../runner/text/errors.ts';
import { TemporaryProject } from '../../integration/temporary-project.ts';

type Files = Readonly<Record<string, string>>;
type Options = Partial<Omit<ProjectOptions, 'root'>>;

/** Compiles a project made of these file texts; a project.yml is added where there is none. */
export function compileFiles(files: Files, options: Options = {}): Compiled {
  const project = new TemporaryProject(files);
  try {
    return compileProject(readProject({ root: project.root, env: {}, ...options }));
  } finally {
    project.dispose();
  }
}

/** Everything that the compiler finds wrong in these files. */
export function problemsOf(files: Files, options: Options = {}): readonly Problem[] {
  try {
    compileFiles(files, options);
  } catch (error) {
    if (error instanceof ProjectError) return error.problems;
    throw error;
  }
  return [];
}

export function modelOf({ manifest }: Compiled, name: string): ModelNode {
  const node = manifest.nodes.get(`model.${name}`);
  if (node?.kind !== 'model') throw new Error(`there is no model ${name}`);
  return node;
}

export function seedOf({ manifest }: Compiled, name: string): SeedNode {
  const node = manifest.nodes.get(`seed.${name}`);
  if (node?.kind !== 'seed') throw new Error(`there is no seed ${name}`);
  return node;
}

export function testOf({ manifest }: Compiled, name: string): TestNode {
  const node = manifest.nodes.get(`test.${name}`);
  if (node?.kind !== 'test') throw new Error(`there is no test ${name}`);
  return node;
}
