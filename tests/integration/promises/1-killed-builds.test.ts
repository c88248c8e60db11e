import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../runner/run/run-result.ts';
import { RunBusyError } from '../../../runner/text/errors.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { PostgresServer } from '../../servers/postgres.ts';
import { bundled } from '../bundled.ts';
import { rounds } from '../rounds.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { contentsOf, createSource, kindsProject, landEvents, leftBehind } from './kinds-project.ts';

const kills = rounds({ gate: 8, long: 100 });
const terminations = rounds({ gate: 5, long: 30 });

const program = await bundled(new URL('../building-process.ts', import.meta.url));

/** A build in a process of its own, which has read the project and waits for `go`. */
class BuildingProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** When it said that it was done. */
  endedAt = Number.NaN;
  #said = '';

  constructor(url: string, root: string, runId: string) {
    this.#child = spawn(process.execPath, [program, url, root, runId], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
      this.endedAt = performance.now();
    });
    this.#ended = once(this.#child, 'close');
  }

  async ready(): Promise<void> {
    while (!this.#said.includes('ready')) {
      if (this.#child.exitCode !== null) throw new Error('the building process ended before it began');
      await sleep(2);
    }
  }

  go(): void {
    this.#child.stdin?.write('go\n');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** What it said when it came to its end by itself; nothing if it was killed or failed. */
  async outcome(): Promise<string> {
    await this.#ended;
    return this.#said.replace('ready', '').trim();
  }
}

describe.runIf(process.env.TEST_DB_URL)('a build that is broken off', () => {
  let server: PostgresServer;
  let project: TemporaryProject;
  let warehouse: Warehouse;
  let undisturbed: Warehouse;
  let load = 0;
  let runs = 0;

  beforeAll(async () => {
    const started = await PostgresServer.start();
    if (started === undefined) throw new Error('no PostgreSQL to start');
    server = started;
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    for (const name of ['disturbed', 'undisturbed']) await client.query(`create database ${name}`);
    await client.end();
    await reconnect();
    project = new TemporaryProject(kindsProject);
    await createSource(undisturbed);
    await createSource(warehouse);
  });
  afterAll(async () => {
    project?.dispose();
    await undisturbed?.close();
    await warehouse?.close();
    await server?.remove();
  });

  const at = (name: string) => Object.assign(new URL(server.url), { pathname: `/${name}` }).href;

  /** Connections to both; a crash of the server breaks them. */
  async function reconnect(): Promise<void> {
    await warehouse?.close();
    await undisturbed?.close();
    const to = (name: string) => openWarehouse({ url: at(name), folder: '', purpose: 'test', concurrency: 4 });
    warehouse = await to('disturbed');
    undisturbed = await to('undisturbed');
  }

  function start(): BuildingProcess {
    runs += 1;
    return new BuildingProcess(at('disturbed'), project.root, `broken-off-${runs}`);
  }

  /** The next build; the server may need a moment to notice that the last one is gone. */
  async function nextBuild(): Promise<RunSummary> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await project.run(warehouse);
      } catch (error) {
        if (!(error instanceof RunBusyError) || attempt > 1000) throw error;
        await sleep(50);
      }
    }
  }

  /** The same events in both databases, built in one; the other is to be built under disturbance. */
  async function landInBoth(): Promise<void> {
    load += 1;
    await landEvents(undisturbed, load);
    await landEvents(warehouse, load);
    const summary = await project.run(undisturbed);
    expect(summary.ok).toBe(true);
  }

  async function expectSame(): Promise<void> {
    const summary = await nextBuild();
    expect(summary.results.filter(({ error }) => error !== undefined).map(({ message }) => message)).toEqual([]);
    expect(await contentsOf(warehouse)).toEqual(await contentsOf(undisturbed));
    await expect.poll(() => leftBehind(warehouse)).toEqual([]);
  }

  /** How long a build takes that nobody disturbs, in milliseconds. */
  async function duration(): Promise<number> {
    await landInBoth();
    const build = start();
    await build.ready();
    const began = performance.now();
    build.go();
    expect(await build.outcome()).toBe('done');
    return performance.now() - began;
  }

  it(`by kill -9 of its process at ${kills} random moments is finished by the next as if nothing had been`, async () => {
    let whole = await duration();
    const brokenOff = { before: 0, done: 0 };
    let next = start();
    for (let round = 0; round < kills; round += 1) {
      await landInBoth();
      const build = next;
      await build.ready();
      const began = performance.now();
      build.go();
      await sleep(Math.random() * whole * 0.9);
      await build.kill();
      next = start();
      if ((await build.outcome()) === 'done') {
        brokenOff.done += 1;
        // The machine is not always as fast: the next moments are to lie within a build, too.
        whole = Math.min(whole, build.endedAt - began);
      } else {
        brokenOff.before += 1;
        whole *= 1.01;
      }
      await expectSame();
    }
    await next.kill();
    // Most of them were hit while they were at work.
    expect(brokenOff.before).toBeGreaterThan(rounds({ gate: 3, long: 60 }));
  }, 600_000);

  it(`by the end of its server processes, asked for or by kill -9, at ${terminations} random moments as well`, async () => {
    const whole = await duration();
    for (let round = 0; round < terminations; round += 1) {
      await landInBoth();
      const build = start();
      await build.ready();
      build.go();
      await sleep(Math.random() * whole);
      const { rows } = await warehouse.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name like 'datacycle build%' order by state, pid`,
      );
      const victim = rows[round % Math.max(rows.length, 1)]?.pid;
      const crash = round % 3 === 0;
      if (victim !== undefined) {
        if (crash) process.kill(victim, 'SIGKILL');
        else await warehouse.query('select pg_terminate_backend($1)', [victim]);
      }
      await build.outcome();
      if (crash && victim !== undefined) {
        await server.recovered();
        await reconnect();
      }
      await expectSame();
    }
  }, 600_000);
});
