import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ProjectCopy } from '../cli/command.ts';

const project = new ProjectCopy();
afterAll(() => project.dispose());

it('a project without messages loads all of its Bronze, and says where it would have to name topics', async () => {
  mkdirSync(join(project.root, 'bronze'));
  const env = { BRONZE_ROOT: join(project.root, 'bronze') };
  const loaded = await project.run(['load', '--from-bronze'], env);
  expect([loaded.code, loaded.stderr]).toEqual([0, '']);
  expect(loaded.stdout).toContain('registry: 0 tables landed');
  const stream = await project.run(['load', 'stream'], { ...env, KAFKA_BROKERS: '127.0.0.1:1' });
  expect([stream.code, stream.stderr]).toEqual([
    2,
    expect.stringContaining('vars.stream does not say what the messages are'),
  ]);
});
