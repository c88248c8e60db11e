import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type JobOptions, JobRunner } from '../../../../cli/jobs/job-runner.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import type { JobChange } from '../../../../ui/data/port.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'datacycle-jobs-'));
  writeFileSync(join(root, 'project.yml'), 'name: test\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function runner(run: JobOptions['run']): JobRunner {
  const project = readProject({ root, env: { DB_URL: 'postgres://me:hunter22@host/db' } });
  const flags = { projectDir: root, target: undefined };
  return new JobRunner({ project, run, flags, clock: () => new Date(0), isEmbedded: false, onEnd: () => undefined });
}

/** Works until it is asked to stop, as a command does. */
const untilStopped: JobOptions['run'] = (_job, terminal, signal) =>
  new Promise((resolve) => {
    terminal.say('at work');
    signal.addEventListener('abort', () => resolve(130));
  });

const trail = () =>
  readFileSync(join(root, '.datacycle', 'ui-audit.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; by: string; command: string });

it('runs the command of a job with the flags of the pages, and tells of its lines', async () => {
  const seen: (readonly string[])[] = [];
  const jobs = runner(async ({ args }, terminal) => {
    seen.push(args);
    terminal.say('1 built', 'good');
    return 0;
  });
  const changes: JobChange[] = [];
  jobs.listen((change) => changes.push(change));
  jobs.start('build', { select: '+a  tag:b' }, 'ann');
  await jobs.stop();
  expect(seen).toEqual([['--project-dir', root, 'build', '--select', '+a', 'tag:b']]);
  expect(changes.flatMap(({ lines }) => lines)).toEqual([{ tone: 'good', text: '1 built' }]);
  expect(changes.at(-1)?.job).toMatchObject({ command: 'datacycle build --select +a tag:b', by: 'ann' });
});

it('is done with exit code 0 and failed with another', async () => {
  for (const [code, state] of [
    [0, 'done'],
    [1, 'failed'],
    [2, 'failed'],
  ] as const) {
    const jobs = runner(async () => code);
    jobs.start('lint', {}, 'local');
    await expect.poll(() => jobs.list()[0]?.state).toBe(state);
  }
});

it('runs one at a time, and stops what is asked to stop', async () => {
  const jobs = runner(untilStopped);
  const { id } = jobs.start('build', {}, 'ann');
  expect(() => jobs.start('lint', {}, 'bob')).toThrow('another job is at work');
  expect(jobs.cancel('another', 'bob')).toBe(false);
  expect(jobs.cancel(id, 'bob')).toBe(true);
  await expect.poll(() => jobs.list()[0]?.state).toBe('cancelled');
  expect(trail().map(({ event, by }) => [event, by])).toEqual([
    ['started', 'ann'],
    ['asked to stop', 'bob'],
    ['cancelled', 'ann'],
  ]);
});

it('starts nothing that leaves no trace', () => {
  writeFileSync(join(root, '.datacycle'), '');
  let isStarted = false;
  const jobs = runner(async () => {
    isStarted = true;
    return 0;
  });
  expect(() => jobs.start('lint', {}, 'local')).toThrow();
  expect(isStarted).toBe(false);
  expect(jobs.list()).toEqual([]);
});

it('writes no secret into the trail', async () => {
  const jobs = runner(async () => 0);
  jobs.start('build', { select: 'hunter22' }, 'local');
  await jobs.stop();
  expect(JSON.stringify(trail())).not.toContain('hunter22');
});
