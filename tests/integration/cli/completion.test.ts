import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../../bin/setup.mjs';
import { TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const { PATH = '', HOME = '' } = process.env;

const files = {
  'project.yml': 'name: shop\ntargets: { dev: {}, prod: {} }\n',
  'models/orders.sql': '{{config tags="nightly"}}select 1 as id from {{source "raw" "till"}}',
  'models/orders_by_day.sql': 'select id from {{ref "orders"}}',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: till }] }]',
  'macros/give_way.sql': 'select 1',
  'selectors.yml': 'selectors: [{ name: night, definition: "tag:nightly" }]',
};

describe('completion', () => {
  const project = new TemporaryProject(files);
  beforeAll(() => prepare());
  afterAll(() => project.dispose());
  const offered = async (...words: string[]) => {
    const { code, stdout, stderr } = await runHere(['completion', 'bash', '--', ...words], project.root, {
      PATH,
      HOME,
    });
    expect([code, stderr]).toEqual([0, '']);
    return stdout.split('\n').filter((line) => line !== '');
  };

  it.each([
    [['comp'], ['compile', 'completion']],
    [
      ['run', '--select', 'ord'],
      ['orders', 'orders_by_day'],
    ],
    [
      ['run', '-s', '+ord'],
      ['+orders', '+orders_by_day'],
    ],
    [['run', '--select', 'tag:nightly,orders_'], ['tag:nightly,orders_by_day']],
    [['build', '--exclude', 'orders', 'source:'], ['source:raw.till']],
    [['ls', '--select', 'tag:'], ['tag:nightly']],
    [
      ['--target', 'dev', 'list', '--target', ''],
      ['dev', 'prod'],
    ],
    [['ls', '--selector', ''], ['night']],
    [['ls', '--output', 'p'], ['path']],
    [['ls', '--select', 'orders', '--output-k'], ['--output-keys']],
    [['run-operation', 'g'], ['give_way']],
    [
      ['docs', ''],
      ['generate', 'serve'],
    ],
    [['load', 'sensors', 'w'], ['weather']],
    [['compile', '--state', 'mod'], ['models/']],
    [['run', '--threads', ''], []],
    [['nothing', ''], []],
  ])('offers for %j: %j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  it('offers every command and every flag that help shows, and none that is ignored', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['build', 'docs', 'run-operation', 'watch']));
    const flags = await offered('run', '--');
    expect(flags).toEqual(expect.arrayContaining(['--select', '--empty', '--project-dir', '--no-reuse']));
    expect(flags).not.toContain('--profiles-dir');
  });

  it('offers nothing, and says nothing, where the project does not compile', async () => {
    project.write({ 'models/wrong.sql': 'select {{nothing}}' });
    expect(await offered('run', '--select', 'ord')).toEqual([]);
    project.remove('models/wrong.sql');
  });

  it.each([
    ['zsh', 'compdef _datacycle datacycle', 'tag\\:nightly:tag'],
    ['fish', 'complete -c datacycle', 'tag:nightly\ttag'],
    ['powershell', 'Register-ArgumentCompleter -Native -CommandName datacycle', 'tag:nightly\ttag'],
  ])('has a script for %s, and lines that it reads', async (shell, part, line) => {
    const run = (...args: string[]) => runHere(['completion', shell, ...args], project.root, { PATH, HOME });
    expect((await run()).stdout).toContain(part);
    expect((await run('--', 'run', '--select', 'tag:')).stdout).toBe(`${line}\n`);
  });

  it.skipIf(process.platform === 'win32')('works in bash', () => {
    const program = join(project.root, 'datacycle');
    writeFileSync(
      program,
      `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'bin', 'datacycle.mjs')}' "$@"\n`,
    );
    chmodSync(program, 0o755);
    const lines = ['datacycle run --select orders_', 'datacycle ls --select tag:ni', 'datacycle run-operation '];
    const script = [
      'set -eu',
      'source <(datacycle completion bash)',
      'complete -p datacycle',
      ...lines.flatMap((line) => [
        `COMP_LINE='${line}' COMP_POINT=${line.length}`,
        '_datacycle_completion',
        `printf '%s\\n' "\${COMPREPLY[@]}"`,
      ]),
    ].join('\n');
    const env = { PATH: `${project.root}${delimiter}${PATH}`, HOME };
    const said = execFileSync('bash', ['-c', script], { cwd: project.root, env, encoding: 'utf8' });
    expect(said.trim().split('\n')).toEqual([
      'complete -F _datacycle_completion datacycle',
      'orders_by_day',
      // Bash has taken the word apart at the colon.
      'nightly',
      'give_way',
    ]);
  });
});
