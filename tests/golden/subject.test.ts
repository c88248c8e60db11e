import { resolve } from 'node:path';
import { it } from 'vitest';
import { compileProject } from '../../runner/compile/compile.ts';
import { readProject } from '../../runner/project/read-project.ts';
import { subjectNodes, subjectPredicate } from '../../runner/subject/predicate.ts';
import { expectGolden } from './golden.ts';

/** As the loaders know a subject with one building, a room and a device. */
const jimmy = {
  id: 'jimmy',
  known: { buildings: ['1'], rooms: ['20'], devices: ['300'] },
};

it('which rows of every table of the project are a subject’s, in the order in which they are erased', () => {
  const { manifest } = compileProject(readProject({ root: resolve(import.meta.dirname, '..', '..'), env: {} }));
  const conditions = subjectNodes(manifest).map(
    (node) => `-- ${node.name}\n${subjectPredicate(node, manifest, jimmy)}\n`,
  );
  expectGolden('subject-rows', conditions.join('\n'));
});
