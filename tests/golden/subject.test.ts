import { resolve } from 'node:path';
import { it } from 'vitest';
import { compileProject } from '../../runner/compile/compile.ts';
import { readProject } from '../../runner/project/project.ts';
import { subjectNodes, subjectPredicate, unownedPredicate } from '../../runner/subject/predicate.ts';
import { literal } from '../../warehouse/quote.ts';
import { expectGolden } from './golden.ts';

/** As the loaders know a subject with one building, a room and a device. */
const known = {
  values: new Map([
    ['buildings', ['1']],
    ['rooms', ['20']],
    ['devices', ['300']],
  ]),
  bind: literal,
};

it('which rows of every table of the project are a subject’s, in the order in which they are erased', () => {
  const { manifest } = compileProject(readProject({ root: resolve(import.meta.dirname, '..', '..'), env: {} }));
  const conditions = subjectNodes(manifest).map((node) => {
    const unowned = unownedPredicate(node, manifest);
    const lines = [
      `-- ${node.name}`,
      subjectPredicate(node, manifest, '$1', known),
      ...(unowned === undefined ? [] : [`-- nobody's: ${unowned}`]),
    ];
    return `${lines.join('\n')}\n`;
  });
  expectGolden('subject-rows', conditions.join('\n'));
});
