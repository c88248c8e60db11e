import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jobKinds } from '../../../../cli/jobs/job-kinds.ts';
import { readProject } from '../../../../runner/project/read-project.ts';

const namesIn = (settings: string, isEmbedded: boolean): string[] => {
  const root = mkdtempSync(join(tmpdir(), 'datacycle-kinds-'));
  try {
    writeFileSync(join(root, 'project.yml'), settings);
    return jobKinds(readProject({ root, env: {} }), isEmbedded).map(({ name }) => name);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

it('has the demo for a project of apartments on the embedded database alone', () => {
  const flats = 'name: flats\nvars: { apartments: [{ id: jimmy, owner: JimmyLoup }] }\n';
  const has = [namesIn(flats, true), namesIn(flats, false), namesIn('name: shop\n', true)];
  expect(has.map((names) => names.includes('demo'))).toEqual([true, false, false]);
  expect(has.every((names) => names.includes('build'))).toBe(true);
});
