import { resolve } from 'node:path';
import { it } from 'vitest';
import { compileProject } from '../../runner/compile.ts';
import { readProject } from '../../runner/project.ts';
import { subjectNodes, subjectPredicate, unownedPredicate } from '../../runner/subject-predicate.ts';
import { expectGolden } from './golden.ts';

it('which rows of every table of the project are a subject’s, in the order in which they are erased', () => {
  const { manifest } = compileProject(readProject({ root: resolve(import.meta.dirname, '..', '..'), env: {} }));
  const conditions = subjectNodes(manifest).map((node) => {
    const unowned = unownedPredicate(node, manifest);
    const lines = [
      `-- ${node.name}`,
      subjectPredicate(node, manifest),
      ...(unowned === undefined ? [] : [`-- nobody's: ${unowned}`]),
    ];
    return `${lines.join('\n')}\n`;
  });
  expectGolden('subject-rows', conditions.join('\n'));
});
