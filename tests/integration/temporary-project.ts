import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileProject } from '../../runner/compile/compile.ts';
import { readProject } from '../../runner/project/read-project.ts';
import { runNodes } from '../../runner/run/run.ts';
import type { Command, NodeResult, RunEvent, RunSummary } from '../../runner/run/run-result.ts';
import type { EventTimeRange } from '../../runner/state/batch-windows.ts';
import type { UnitTestPlace } from '../../runner/unit-test/options.ts';
import type { Row, Warehouse } from '../../warehouse/warehouse.ts';
import { selectedBy } from './selected.ts';

/** A project in a temporary folder, made of file texts that a test can change between runs. */
export class TemporaryProject {
  readonly root = mkdtempSync(join(tmpdir(), 'datacycle-project-'));
  readonly events: RunEvent[] = [];
  #runs = 0;

  constructor(files: Readonly<Record<string, string>>) {
    this.begin(files);
  }

  /** Makes it a project of these files, and of no other. */
  begin(files: Readonly<Record<string, string>>): void {
    for (const entry of readdirSync(this.root)) rmSync(join(this.root, entry), { recursive: true, force: true });
    this.#runs = 0;
    this.events.length = 0;
    this.write({ 'project.yml': 'name: test\n', ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const full = join(this.root, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
    }
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  compile(env: Readonly<Record<string, string>> = {}) {
    return compileProject(readProject({ root: this.root, env }));
  }

  async run(
    warehouse: Warehouse,
    options: {
      command?: Command;
      select?: string[];
      exclude?: string[];
      fullRefresh?: boolean;
      reuse?: boolean;
      range?: EventTimeRange;
      signal?: AbortSignal;
      threads?: number;
      failFast?: boolean;
      storeFailures?: boolean;
      unitTestsOn?: UnitTestPlace | undefined;
      lockWaitMs?: number;
      now?: Date;
      onEvent?: (event: RunEvent) => void;
    } = {},
  ): Promise<RunSummary> {
    const compiled = this.compile();
    this.#runs += 1;
    this.events.length = 0;
    return runNodes(compiled, warehouse, {
      command: options.command ?? 'build',
      selected: selectedBy(compiled, {
        select: options.select ?? [],
        exclude: options.exclude ?? [],
      }),
      fullRefresh: options.fullRefresh ?? false,
      reuse: options.reuse ?? true,
      range: options.range,
      signal: options.signal,
      threads: options.threads ?? 4,
      failFast: options.failFast ?? false,
      storeFailures: options.storeFailures,
      unitTestsOn: options.unitTestsOn,
      lockWaitMs: options.lockWaitMs,
      clock: () => options.now ?? new Date(),
      runId: `run-${this.#runs}`,
      onEvent: (event) => {
        this.events.push(event);
        options.onEvent?.(event);
      },
    });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The result of one node by its name. */
export function resultOf(summary: RunSummary, name: string): NodeResult {
  const result = summary.results.find((one) => one.node.name === name);
  if (result === undefined)
    throw new Error(`no result for ${name}; there are ${summary.results.map((one) => one.node.name).join(', ')}`);
  return result;
}

export async function rowsOf(warehouse: Warehouse, sql: string): Promise<readonly Row[]> {
  return (await warehouse.query(sql)).rows;
}
