import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeManifest } from '../../../cli/selection/target-files.ts';
import { Terminal } from '../../../cli/terminal/terminal.ts';
import { TemporaryProject } from '../temporary-project.ts';

const project = new TemporaryProject({ 'models/one.sql': 'select 1 as id', 'seeds/rooms.csv': 'room\nkitchen\n' });
afterAll(() => project.dispose());

it('the manifest is written again where the project, a seed or the file itself has changed, and only then', () => {
  const path = join(project.root, 'target', 'manifest.json');
  // Each write is another file that takes the name; its time alone may be that of the file before, since clocks of file systems tick.
  const written = () => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  const writes = (identity: string | undefined) => {
    const before = written();
    expect(writeManifest({ ...project.compile(), identity }, new Terminal(false))).toBe(true);
    return written() !== before;
  };
  expect([writes('a'), writes('a'), writes('b'), writes('b')]).toEqual([true, false, true, false]);
  project.write({ 'seeds/rooms.csv': 'room\nbath\n' });
  expect([writes('b'), writes('b')]).toEqual([true, false]);
  writeFileSync(path, '{}');
  expect([writes('b'), writes('b')]).toEqual([true, false]);
  rmSync(path);
  expect([writes('b'), writes('b')]).toEqual([true, false]);
  // What was compiled of something unknown is written each time.
  expect([writes(undefined), writes(undefined), writes('b')]).toEqual([true, true, true]);
});
