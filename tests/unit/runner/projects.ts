import { type Compiled, compileProject } from '../../../runner/compile/compile.ts';
import type {
  IncrementalNode,
  MicrobatchNode,
  ModelNode,
  SeedNode,
  TableNode,
  ViewNode,
} from '../../../runner/manifest/manifest.ts';
import type { TestNode } from '../../../runner/manifest/test-node.ts';
import type { ProjectOptions } from '../../../runner/project/project.ts';
import { readProject } from '../../../runner/project/read-project.ts';
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

/** A model of a kind, by its name: a test that asks for another kind is wrong. */
function modelOfKind<M extends ModelNode['materialized']>(compiled: Compiled, name: string, materialized: M) {
  const node = modelOf(compiled, name);
  if (node.materialized !== materialized) throw new Error(`${name} is a ${node.materialized}, not a ${materialized}`);
  return node as Extract<ModelNode, { materialized: M }>;
}

export function viewOf(compiled: Compiled, name: string): ViewNode {
  return modelOfKind(compiled, name, 'view');
}

export function tableOf(compiled: Compiled, name: string): TableNode {
  return modelOfKind(compiled, name, 'table');
}

export function incrementalOf(compiled: Compiled, name: string): IncrementalNode {
  const node = modelOfKind(compiled, name, 'incremental');
  if (node.strategy === 'microbatch') throw new Error(`${name} is built in batches`);
  return node;
}

export function microbatchOf(compiled: Compiled, name: string): MicrobatchNode {
  const node = modelOfKind(compiled, name, 'incremental');
  if (node.strategy !== 'microbatch') throw new Error(`${name} is not built in batches`);
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
