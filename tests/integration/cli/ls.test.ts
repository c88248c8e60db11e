import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';

let project: ProjectCopy;
beforeEach(() => {
  project = new ProjectCopy();
});
afterEach(() => project.dispose());

describe('what is listed', () => {
  it('several kinds, and what meta says', async () => {
    writeFileSync(join(project.root, 'models', 'mine.sql'), 'select 1 as id');
    writeFileSync(
      join(project.root, 'models', 'mine.yml'),
      'models: [{ name: mine, config: { meta: { owner: anna } }, columns: [{ name: id, data_tests: [unique] }] }]',
    );
    const kinds = ['--resource-type', 'model', '--resource-type', 'test'];
    const outcome = await project.run(['ls', '--select', 'mine', '+rooms', ...kinds, '--output', 'json']);
    const nodes = outcome.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(nodes).toContainEqual(
      expect.objectContaining({ name: 'mine', resource_type: 'model', meta: { owner: 'anna' } }),
    );
    expect(nodes).toContainEqual(expect.objectContaining({ name: 'unique_mine_id', resource_type: 'test' }));
    expect(nodes).not.toContainEqual(expect.objectContaining({ resource_type: 'seed' }));
  });
});
