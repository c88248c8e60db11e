import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';
import { smallProject } from './small-files.ts';

let project: ProjectCopy;
beforeAll(() => {
  project = new ProjectCopy();
});
afterAll(() => project.dispose());

const folder = () => join(project.root, 'target', 'cache');

it('several commands at once keep the compiled project whole, and a command after them says the same', async () => {
  writeFileSync(
    join(folder(), '..', '..', 'models', 'mine.sql'),
    'select 1 as id, {{literal (env "MINE" "none")}} as mine',
  );
  const outcomes = await Promise.all(Array.from({ length: 2 }, () => project.run(['ls', '--output', 'json'])));
  const [first] = outcomes;
  expect(first?.stdout).toContain('"name":"mine"');
  for (const outcome of outcomes) expect(outcome).toEqual({ code: 0, stdout: first?.stdout, stderr: '' });
  const names = readdirSync(folder());
  expect(names.map((name) => name.replace(/-\w+/, '')).sort()).toEqual([
    'manifest.json',
    'properties.json',
    'settings.json',
  ]);
  const before = names.map((name) => readFileSync(join(folder(), name)));
  expect(await project.run(['ls', '--output', 'json'])).toEqual(first);
  expect(names.map((name) => readFileSync(join(folder(), name)))).toEqual(before);
});

it('a fault is reported at its place, whether or not the project was kept before it', async () => {
  project.dispose();
  project = new ProjectCopy(smallProject);
  await project.run(['ls']);
  const model = join(project.root, 'models', 'mine.sql');
  writeFileSync(model, 'select 1 as id,\n  {{vra "x"}} as mine');
  const kept = await project.run(['ls']);
  rmSync(folder(), { recursive: true });
  const fresh = await project.run(['ls']);
  expect(kept.code).toBe(2);
  expect(kept.stderr).toContain('models/mine.sql:2:5');
  expect(fresh).toEqual(kept);
  expect(readdirSync(folder())).toEqual(['settings.json']);
  rmSync(model);
  const warm = await project.run(['ls', '--output', 'json']);
  expect(warm.stdout).not.toContain('"name":"mine"');
  rmSync(folder(), { recursive: true });
  expect(await project.run(['ls', '--output', 'json'])).toEqual(warm);
});
