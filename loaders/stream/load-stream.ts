// Lands the messages of topics, each exactly once, however often processes are killed.
//
//   1. message-log.ts   the port: topics, partitions, offsets. queue-log.ts is the queue of this process, another room a broker
//   2. offsets.ts       how far each partition is landed says the database, not the broker
//   3. drain.ts         lands a log up to its ends; gather.ts gathers its messages for a second, or until there are enough, into
//                       one range of offsets a partition
//   4. read-message.ts  each is read as form.ts says; what cannot be landed is rejected with its reason
//                       (usual-message.ts: those that are written as nearly all are)
//   5. land-batch.ts    their Parquet files are made (bronze-files.ts, parquet.ts) while the batch before is landed; the ranges are planned
//                       (committed), the files written, then load, ledger, rows and offsets commit together, by compare and set
//   6. from-bronze.ts   lands again what Bronze has and staging lacks (named-file.ts)
//   7. compact.ts       makes one file of many small ones, at night
//
// A kill between plan and commit leaves the plan: whoever comes next lands the same ranges, in the same files. Whoever believes
// offsets that another process has passed is refused by the database.
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { LoadBusyError, LoadInterruptedError, SourceError } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { ensureStaging } from '../landing/staging.ts';
import { type LoadOptions, type LoadSummary, NoteCollector } from '../landing/summary.ts';
import { drain } from './drain.ts';
import { LocalDays, type MessageForm } from './form.ts';
import { landFromBronze } from './from-bronze.ts';
import type { GatherLimits } from './gather.ts';
import { type LandedBatch, landBatch, type StreamLanding } from './land-batch.ts';
import type { MessageLog } from './message-log.ts';
import { MessageReader } from './read-message.ts';

export interface StreamSource {
  /** Opens what has the messages; closed at the end. Only loading from Bronze does not need it. */
  readonly open: (() => Promise<MessageLog>) | undefined;
  readonly form: MessageForm;
  readonly bronzeRoot: string;
  /** Where Bronze is, if in a bucket; the folder has its drafts then. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  readonly limits: GatherLimits;
  /** When to stop; undefined: at what was the end of each partition when the load began. */
  readonly isOver?: (() => boolean) | undefined;
}

/**
 * Lands what the topics have beyond the offsets that are landed, until the ends of the partitions that were seen at its beginning.
 * @throws SourceError (exit code 2) if it is not configured; LoadBusyError; LoadInterruptedError after `signal`; SourceLostError if the broker
 * cannot be reached; LoadFailedError if messages are gone that were not landed; StaleOffsetError if another process has landed them.
 */
export async function loadStream(
  warehouse: Warehouse,
  source: StreamSource,
  options: LoadOptions,
): Promise<LoadSummary> {
  const form = checkedForm(source.form);
  await ensureStaging(warehouse);
  const landing: Omit<StreamLanding, 'log'> = {
    warehouse,
    form,
    reader: new MessageReader(form, new LocalDays(form.zone)),
    bronze: new BronzeWriter(source.bronzeRoot, source.bronzeRemote),
    clock: options.clock,
  };
  const outcome = await warehouse.exclusive('load stream', async (lost) => {
    const signal = options.signal === undefined ? lost : AbortSignal.any([lost, options.signal]);
    if (options.mode === 'from-bronze') return landFromBronze(landing, source.bronzeRoot, { ...options, signal });
    return new StreamLoad(landing, source, { ...options, signal }).run();
  });
  if (outcome.held) return outcome.value;
  throw new LoadBusyError({ what: `messages are being loaded by ${outcome.holder}`, hint: 'Wait until it is done.' });
}

function checkedForm(form: MessageForm): MessageForm {
  try {
    new LocalDays(form.zone);
    return form;
  } catch {
    throw new SourceError({
      what: `vars.stream.zone is "${form.zone}", which is no time zone`,
      hint: 'Write an IANA name in project.yml, e.g. zone: Europe/Zurich.',
    });
  }
}

class StreamLoad {
  readonly #landing: Omit<StreamLanding, 'log'>;
  readonly #source: StreamSource;
  readonly #options: LoadOptions;
  readonly #loads: number[] = [];
  readonly #rejected = new NoteCollector();
  readonly #warnings = new NoteCollector();
  #landed = 0;
  #bytes = 0;
  #total = 0;

  constructor(landing: Omit<StreamLanding, 'log'>, source: StreamSource, options: LoadOptions) {
    this.#landing = landing;
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<LoadSummary> {
    const { open } = this.#source;
    if (open === undefined) {
      throw new SourceError({
        what: 'KAFKA_BROKERS is not set: where the messages are is unknown',
        hint: 'Set KAFKA_BROKERS=host:9092 (environment or .env), or replay files: datacycle replay <folder>.',
      });
    }
    const log = await open();
    try {
      await this.#landAll(log);
    } finally {
      const note = await log.close();
      if (note !== undefined) this.#warnings.add([note]);
    }
    const nothing = { count: 0, first: [] };
    return {
      source: 'stream',
      listed: 'offsets',
      landed: this.#landed,
      rejected: { ...this.#rejected },
      skipped: nothing,
      ignored: 0,
      warnings: { ...this.#warnings },
      loads: this.#loads,
      bytes: this.#bytes,
    };
  }

  async #landAll(log: MessageLog): Promise<void> {
    const { warehouse, form, clock } = this.#landing;
    const landing: StreamLanding = { ...this.#landing, log: log.name };
    await drain(log, {
      source: 'stream',
      warehouse,
      topics: form.topics,
      limits: this.#source.limits,
      isOver: this.#source.isOver,
      clock,
      skipLost: this.#options.skipLost === true,
      checkpoint: () => this.#checkpoint(),
      onTotal: (messages) => {
        this.#total = messages;
      },
      onLost: (note) => this.#warnings.add([note]),
      land: async (ranges, plannedAt, turn) => this.#note(await landBatch(landing, ranges, plannedAt, turn)),
    });
  }

  #note({ loadId, messages, rejected, bytes }: LandedBatch): void {
    if (loadId !== undefined) this.#loads.push(loadId);
    this.#landed += messages;
    this.#bytes += bytes;
    this.#rejected.add(rejected);
    const done = this.#landed + this.#rejected.count;
    const total = this.#source.isOver === undefined ? Math.max(done, this.#total) : undefined;
    this.#options.onProgress?.({ phase: 'landing', files: done, total, bytes: this.#bytes });
  }

  #checkpoint(): void {
    if (this.#options.signal?.aborted === true) throw new LoadInterruptedError([...this.#loads]);
  }
}
