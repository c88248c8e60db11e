import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../../bin/setup.mjs';
import type { RunList } from '../../../ui/data/state.ts';
import { lockFolder } from '../../../warehouse/folder-lock.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { eventually, WatchProcess } from '../cli/watch/watch-process.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { type Served, send, serve } from './served.ts';

const { TEST_EMBEDDED_TEMPLATE: template } = process.env;

const files = {
  'project.yml': 'name: flats\nvars: { apartments: [{ id: jimmy, owner: JimmyLoup }] }\n',
  'models/rooms.sql': '{{config materialized="table"}}\nselect \'Kitchen\' as room\n',
};

describe('buttons while another process holds the embedded database', () => {
  const project = new TemporaryProject(files);
  let served: Served | undefined;
  const pages = async () => {
    served ??= await serve(project.root);
    return served;
  };
  const newest = async () => (await pages()).jobs.list()[0];
  const said = async () => (await newest())?.lines.map(({ text }) => text).join('\n') ?? '';
  const asked = async <T>(path: string) => {
    const { server, cookie } = await pages();
    return JSON.parse((await send(server.listensOn, { path, headers: { cookie } })).body) as T;
  };
  const press = async (name: string, given: Readonly<Record<string, string>> = {}) => {
    (await pages()).jobs.start(name, given, 'ann');
    await served?.ended();
    return [(await newest())?.state, await said()];
  };

  beforeAll(async () => {
    // The process of the watcher takes both as they are.
    await prepare();
    if (template !== undefined) cpSync(template, join(project.root, '.datacycle', 'db'), { recursive: true });
    mkdirSync(join(project.root, 'share'));
    project.write({ '.env': `SMB_PATH=${join(project.root, 'share')}\n` });
  });
  afterEach(async () => {
    await served?.close();
    served = undefined;
  });
  afterAll(() => project.dispose());

  it('are done by a watcher, between two checks, and stopped there', async () => {
    // Its next check by itself would come in an hour.
    const watcher = new WatchProcess(project.root, { INTERVAL_SECS: '3600' });
    try {
      await watcher.until('watching');
      await pages();
      // In its first build a holder on a busy machine may not answer at once.
      const database = async () => (await asked<{ database: string }>('/api/about')).database;
      await eventually(async () => /^read through datacycle watch pid/.test(await database()), 'it answers');
      const [state, lines] = await press('build', { select: 'rooms' });
      expect(lines).toMatch(
        /^The embedded database is held by datacycle watch pid \d+ .*\n[\s\S]*Done: 1 left as they are/,
      );
      expect(state).toBe('done');
      const begun = watcher.events('asked').map(({ text }) => text);
      expect(begun[0]).toBe('datacycle build --select rooms begins, which another process asked for');
      const { runs } = await asked<RunList>('/api/runs');
      expect(runs.some(({ command, status }) => command === 'build' && status === 'success')).toBe(true);
      expect(await press('load', { source: 'sensors' })).toEqual(['done', expect.stringContaining('0 files landed')]);
      // What a command refuses there is said here.
      project.write({ 'models/bad.sql': '{{config materialized="table"}}\nselect 1 / 0 as nothing\n' });
      const failed = await press('build', { select: 'bad' });
      expect(failed).toEqual(['failed', expect.stringContaining('division by zero')]);
      project.remove('models/bad.sql');
      const trail = readFileSync(join(project.root, '.datacycle', 'ui-audit.jsonl'), 'utf8');
      expect(trail).toMatch(/"by":"ann".*datacycle load sensors/);
    } finally {
      expect(await watcher.stop()).toBe(0);
    }
    expect(await press('build')).toEqual(['done', expect.not.stringContaining('is held by')]);
    expect((await asked<{ database: string }>('/api/about')).database).toMatch(/^the embedded database in/);
  });

  it('and its pages: who holds it and does not answer is said, until it has ended', async () => {
    const release = await lockFolder(join(project.root, '.datacycle', 'db'), 'datacycle export');
    try {
      const { error } = await asked<{ error: { what: string; hint: string } }>('/api/overview');
      expect(error.what).toMatch(/^the embedded database in .* is in use by datacycle export \(process \d+\)$/);
      expect(error.hint).toContain('Wait until it is done');
      expect((await asked<{ nodes: unknown[] }>('/api/graph')).nodes).toHaveLength(1);
      expect((await asked<{ database: string }>('/api/about')).database).toContain('another process holds');
    } finally {
      release();
    }
    expect(await asked<object>('/api/overview')).toHaveProperty('problems');
  });

  it('wait for a process that does nothing for others, say so, and are done when it has ended', async () => {
    const folder = join(project.root, '.datacycle', 'db');
    const holder = await openWarehouse({ url: undefined, folder, purpose: 'build', concurrency: 1 });
    try {
      const { jobs } = await pages();
      const { id } = jobs.start('build', {}, 'ann');
      await eventually(
        async () => /^waits for datacycle build pid \d+.*: \d+ s$/.test((await newest())?.progress ?? ''),
        'it waits',
      );
      await eventually(
        async () => /^The embedded database is held by datacycle build pid \d+/.test(await said()),
        'it says so',
      );
      // What needs no database does not wait; one job at a time is the rule all the same.
      expect(() => jobs.start('lint', {}, 'ann')).toThrow('another job is at work');
      jobs.cancel(id, 'ann');
      await served?.ended();
      expect([(await newest())?.state, await said()]).toEqual([
        'cancelled',
        expect.stringContaining('nothing was done'),
      ]);
      expect(await press('lint')).toEqual([expect.anything(), expect.not.stringContaining('is held by')]);
      jobs.start('build', {}, 'ann');
      await eventually(async () => ((await newest())?.progress ?? '') !== '', 'it waits again');
    } finally {
      await holder.close();
    }
    await served?.ended();
    expect([(await newest())?.state, await said()]).toEqual(['done', expect.stringContaining('Done: ')]);
  });
});
