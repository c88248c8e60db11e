import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import fg from 'fast-glob';
import { afterAll, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const { layers, overrides, rulesFile } = await import(join(repository, 'bin', 'rooms.mjs'));
const home = mkdtempSync(join(tmpdir(), 'datacycle-rooms-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const sources = fg.sync([`{${layers.map(({ name }: { name: string }) => name).join(',')}}/**/*.{ts,tsx}`], {
  cwd: repository,
});

/** What the linter says of a house of these files, one line a fault: `file rule`. */
function faults(files: Readonly<Record<string, string>>): readonly string[] {
  const house = mkdtempSync(join(home, 'house-'));
  for (const name of ['biome.json', 'biome.rooms.json']) cpSync(join(repository, name), join(house, name));
  writeFileSync(join(house, '.gitignore'), 'node_modules\n');
  execFileSync('git', ['init', '--quiet', house]);
  symlinkSync(join(repository, 'node_modules'), join(house, 'node_modules'), 'junction');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), text);
  }
  const biome = join(repository, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  let report: string;
  try {
    report = execFileSync(process.execPath, [biome, 'lint', '--reporter=json', '.'], {
      cwd: house,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    report = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(report) as { diagnostics: { category: string; location: { path: string } }[] };
  return diagnostics.map(({ category, location }) => `${location.path} ${category.replace(/.*\//, '')}`).sort();
}

const nothing = 'export const nothing = 0;\n';
const importing = (specifier: string, name = 'nothing') =>
  `import type { ${name} } from '${specifier}';\nexport type Imported = ${name};\n`;

test('the lint rules are those of the table', () => {
  expect(JSON.parse(readFileSync(rulesFile, 'utf8'))).toEqual({ overrides: overrides() });
});

test('every folder of sources is a room, and every room a folder', () => {
  const rooms = layers.flatMap(({ name, rooms }: { name: string; rooms: string[] }) =>
    rooms.length === 0 ? [name] : rooms.map((room) => `${name}/${room}`),
  );
  // The command line's own files are the door of the house.
  expect([...new Set(sources.map((file) => dirname(file)))].filter((folder) => folder !== 'cli').sort()).toEqual(
    rooms.sort(),
  );
});

test('no room of the runner has more than 16 files, and no source or test file more than 350 lines', () => {
  const sizes = new Map<string, number>();
  for (const file of sources) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  expect([...sizes].filter(([folder, size]) => folder.startsWith('runner') && size > 16)).toEqual([]);
  const lines = (file: string) => readFileSync(join(repository, file), 'utf8').split('\n').length - 1;
  const tests = fg.sync(['{bench,tests}/**/*.ts'], { cwd: repository });
  expect([...sources, ...tests].filter((file) => lines(file) > 350)).toEqual([]);
});

test('an import of a room behind is a fault, of types too', () => {
  expect(
    faults({
      'runner/text/a.ts': importing('../compile/b.ts'),
      'runner/compile/b.ts': nothing,
      'runner/compile/draft/c.ts': importing('../b.ts'),
      'runner/compile/draft/d.ts': importing('../settings/e.ts'),
      'runner/compile/settings/e.ts': importing('../draft/f.ts'),
      'runner/compile/draft/f.ts': nothing,
      'runner/database/g.ts': importing('../compile/b.ts'),
    }),
  ).toEqual([
    'runner/compile/draft/c.ts noRestrictedImports',
    'runner/compile/draft/d.ts noRestrictedImports',
    'runner/text/a.ts noRestrictedImports',
  ]);
});

test('an import of a layer above is a fault', () => {
  expect(
    faults({
      'warehouse/a.ts': importing('../runner/text/b.ts'),
      'runner/text/b.ts': nothing,
      'runner/text/c.ts': importing('../../loaders/landing/d.ts'),
      'loaders/landing/d.ts': nothing,
      'loaders/landing/e.ts': importing('../../runner/text/b.ts'),
      'powerbi/f.ts': importing('../runner/text/b.ts'),
      'powerbi/g.ts': importing('../runner/manifest/exposure.ts'),
      'runner/manifest/exposure.ts': nothing,
    }),
  ).toEqual([
    'loaders/landing/e.ts noRestrictedImports',
    'powerbi/f.ts noRestrictedImports',
    'runner/text/c.ts noRestrictedImports',
    'warehouse/a.ts noRestrictedImports',
  ]);
});

test('a circle of types is a fault', () => {
  expect(
    faults({
      'runner/text/a.ts': `${importing('./b.ts', 'B')}export type A = 1;\n`,
      'runner/text/b.ts': `${importing('./a.ts', 'A')}export type B = 1;\n`,
    }),
  ).toEqual(['runner/text/a.ts noImportCycles', 'runner/text/b.ts noImportCycles']);
});

test('the planner names no connection', () => {
  expect(
    faults({
      'warehouse/warehouse.ts': 'export interface Queryable {}\nexport interface Row {}\n',
      'runner/plan/a.ts': importing('../../warehouse/warehouse.ts', 'Queryable'),
      'runner/plan/b.ts': importing('../../warehouse/warehouse.ts', 'Row'),
    }).filter((fault) => fault.startsWith('runner/')),
  ).toEqual(['runner/plan/a.ts noRestrictedImports']);
});

test('the house that the faults are planted in has none', () => {
  expect(readdirSync(home).length).toBeGreaterThan(0);
  expect(faults({ 'runner/text/a.ts': nothing, 'runner/compile/b.ts': importing('../text/a.ts') })).toEqual([]);
});
