import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageForm } from '../../../cli/settings/message-form.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { atOnce } from '../../../loaders/replay/pace.ts';
import { RecordedFolder } from '../../../loaders/replay/place.ts';
import { beginReplay, finishReplay, queueName } from '../../../loaders/replay/queue-replay.ts';
import { findRecording, type RecordingFilter } from '../../../loaders/replay/recording.ts';
import { replay } from '../../../loaders/replay/replay.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { QueueLog } from '../../../loaders/stream/queue-log.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import { runNodes } from '../../../runner/run/run.ts';
import type { RunSummary } from '../../../runner/run/run-result.ts';
import { relation } from '../../../warehouse/quote.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { selectedBy } from '../selected.ts';
import { isNoUnitTest } from '../without-unit-tests.ts';

const source = resolve(import.meta.dirname, '..', '..', '..', 'projects', 'smart-building');

/** The project of the smart building in a temporary folder, on a given database. */
export class Building {
  readonly folder = mkdtempSync(join(tmpdir(), 'datacycle-building-'));
  readonly recorded = join(this.folder, 'recorded');
  readonly #warehouse: Warehouse;
  readonly #compiled;

  /** @param unitTests whether it comes with the unit tests of the project, which a build runs. */
  constructor(warehouse: Warehouse, unitTests = false) {
    this.#warehouse = warehouse;
    const root = join(this.folder, 'project');
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
      cpSync(join(source, name), join(root, name), { recursive: true, ...(unitTests ? {} : { filter: isNoUnitTest }) });
    this.#compiled = compileProject(readProject({ root, env: {} }));
  }

  /** Replays what is recorded, as fast as it goes. */
  async replay(filter: RecordingFilter = {}, again = false): Promise<LoadSummary> {
    const clock = () => new Date();
    const recording = await findRecording(new RecordedFolder(this.recorded), filter);
    await ensureStaging(this.#warehouse);
    const begun = await beginReplay(this.#warehouse, recording.id, clock(), again);
    if (begun.kind === 'finished') throw new Error('it was replayed before');
    const form = messageForm(this.#compiled.project);
    const queue = new QueueLog(queueName, form.topics, begun.starts);
    const sending = replay(recording, queue, { pace: atOnce, skip: 0, sentAt: 'event' }).finally(() => queue.end());
    const summary = await loadStream(
      this.#warehouse,
      {
        open: async () => queue,
        form,
        bronzeRoot: join(this.folder, 'bronze'),
        limits: { messages: 20_000, ms: 1000 },
        isOver: () => queue.isOver,
      },
      { mode: 'new', clock },
    );
    await sending;
    await finishReplay(this.#warehouse, recording.id, clock());
    return summary;
  }

  /**
   * @param now so late that the days of the recording are over.
   * @param select what is built, as `--select` has it, and the tests of that alone; all if not given.
   */
  async build(
    options: {
      fullRefresh?: boolean;
      now?: Date;
      range?: { start: string; end: string };
      select?: readonly string[];
    } = {},
  ): Promise<RunSummary> {
    const summary = await runNodes(this.#compiled, this.#warehouse, {
      command: 'build',
      selected: selectedBy(this.#compiled, {
        select: options.select ?? [],
        indirect: options.select === undefined ? 'eager' : 'cautious',
      }),
      fullRefresh: options.fullRefresh ?? false,
      range: options.range,
      reuse: false,
      threads: 4,
      failFast: false,
      clock: () => options.now ?? new Date('2013-08-27T00:00:00Z'),
      runId: randomUUID(),
      onEvent: () => undefined,
    });
    const bad = summary.results.filter(({ status }) => !['success', 'pass', 'skipped'].includes(status));
    if (bad.length > 0) throw new Error(bad.map(({ node, message }) => `${node.name}: ${message}`).join('\n'));
    return summary;
  }

  /** Every table's rows as text, without the load that they came with. */
  async contents(): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>();
    for (const node of this.#compiled.manifest.nodes.values()) {
      if (node.kind !== 'model') continue;
      const { rows } = await this.#warehouse.query<{ row: string }>(
        `select (to_jsonb(t) - 'load_id')::text as row from ${relation(node.relation)} as t order by 1`,
      );
      found.set(
        node.name,
        rows.map(({ row }) => row),
      );
    }
    return found;
  }

  /** The lines of all files, for whoever computes with them. */
  lines(): readonly { readonly room: string; readonly sensor: string; readonly ts: number; readonly text: string }[] {
    return readdirSync(this.recorded).flatMap((room) =>
      readdirSync(join(this.recorded, room)).flatMap((file) =>
        readFileSync(join(this.recorded, room, file), 'utf8')
          .split('\n')
          .flatMap((line) => {
            const [ts = '', text = ''] = line.split(',');
            return /^\d/.test(line)
              ? [{ room, sensor: file.replace('.csv', ''), ts: Number(ts), text: text.trim() }]
              : [];
          }),
      ),
    );
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
