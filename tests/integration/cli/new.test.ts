import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runHere } from './in-process.ts';

const { PATH = '', HOME = '', SystemRoot = '', TEST_EMBEDDED_TEMPLATE: template } = process.env;
const env = { PATH, HOME, SystemRoot, TEMP: tmpdir() };

describe('new', () => {
  const parent = mkdtempSync(join(tmpdir(), 'datacycle-new-'));
  const folder = join(parent, 'mine');
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  test('writes a project that builds at once and breaks no rule', async () => {
    const made = await runHere(['new', 'mine'], parent, env);
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toContain('npx datacycle build');
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toContain('target/');
    expect(existsSync(join(folder, 'schemas', 'project.schema.json'))).toBe(true);
    const planned = await runHere(['plan'], folder, env);
    expect(planned.stdout).toContain('Plan: ');
    expect(existsSync(join(folder, '.datacycle', 'db'))).toBe(false);
    if (template !== undefined) cpSync(template, join(folder, '.datacycle', 'db'), { recursive: true });
    const built = await runHere(['build'], folder, env);
    expect(built.stdout).toContain('Done: 5 built (14 rows changed), 13 of 13 tests passed');
    expect(built.code).toBe(0);
    expect(await runHere(['lint'], folder, env)).toMatchObject({ code: 0 });
    const demo = await runHere(['demo'], folder, env);
    expect([demo.code, demo.stderr]).toEqual([2, expect.stringContaining('the demo is of two apartments')]);
    expect(existsSync(join(folder, '.datacycle', 'demo'))).toBe(false);
    const shown = await runHere(['show', '--select', 'fact_member_loans', '--output', 'csv'], folder, env);
    expect(shown.stdout.trim().split(/\r?\n/).sort()).toEqual([
      '1,Ada,2,1',
      '2,Blaise,1,0',
      '3,Carl,1,0',
      'member_id,name,loans,late_loans',
    ]);
  });

  test('refuses a folder that holds anything, and leaves it as it is', async () => {
    writeFileSync(join(parent, 'notes.txt'), 'mine');
    const refused = await runHere(['new', '.'], parent, env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is not empty');
    expect(existsSync(join(parent, 'project.yml'))).toBe(false);
  });
});
