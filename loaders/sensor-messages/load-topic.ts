import { rm } from 'node:fs/promises';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { placeInBronze } from '../landing/bronze-files.ts';
import { LoadInterruptedError } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { ensureStaging } from '../landing/staging.ts';
import { type LoadOptions, type LoadSummary, NoteCollector } from '../landing/summary.ts';
import { whileAlone } from '../sensors/alone.ts';
import { landBatch } from '../sensors/batch.ts';
import { knownFiles, sensors } from '../sensors/ledger.ts';
import { type PlausibleTimes, SensorNames } from '../sensors/name.ts';
import { isSubjectsPath } from '../sensors/subject-files.ts';
import { drain } from '../stream/drain.ts';
import type { Gathered, GatherLimits } from '../stream/gather.ts';
import type { MessageLog } from '../stream/message-log.ts';
import { passRanges, planRanges } from '../stream/offsets.ts';
import { SubjectRule } from '../tombstones/rule.ts';
import { readTombstones } from '../tombstones/tombstones.ts';
import { type FileMessage, fileMessages, oneOfEach, takeMessages } from './take.ts';

export interface SensorTopic {
  /** Opens what has the messages; closed at the end. */
  readonly open: () => Promise<MessageLog>;
  readonly topic: string;
  readonly bronzeRoot: string;
  /** Where Bronze is, if in a bucket; the folder has its drafts then. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  readonly apartments: readonly Apartment[];
  /** Readings of other times are rejected; default: before 2020 and a day ahead. */
  readonly times?: PlausibleTimes;
  readonly limits: GatherLimits;
  /** When to stop; undefined: at what was the end of each partition when the load began. */
  readonly isOver?: (() => boolean) | undefined;
}

/**
 * Lands the messages of a topic as the sensor files that they stand for: a copy in Bronze, a ledger row, and for each good one a row in
 * staging.sensor_file, the same as if it had come from a share. Each is landed once: the range is planned, and its offsets move by compare
 * and set in the transaction of its rows. A name that was landed before is not landed again, whatever comes under it.
 * @throws SourceError if an apartment is not as it must be or the topic does not exist; LoadBusyError if another process loads sensors;
 * LoadInterruptedError after `signal`; SourceLostError if the broker cannot be reached; LoadFailedError if messages are gone that were not
 * landed; StaleOffsetError if another process has landed them.
 */
export async function loadSensorTopic(
  warehouse: Warehouse,
  source: SensorTopic,
  options: LoadOptions,
): Promise<LoadSummary> {
  await ensureStaging(warehouse);
  return whileAlone(warehouse, (lost) => {
    const signal = options.signal === undefined ? lost : AbortSignal.any([lost, options.signal]);
    return new TopicLoad(warehouse, source, { ...options, signal }).run();
  });
}

class TopicLoad {
  readonly #warehouse: Warehouse;
  readonly #source: SensorTopic;
  readonly #options: LoadOptions;
  readonly #bronze: BronzeWriter;
  readonly #loads: number[] = [];
  readonly #rejected = new NoteCollector();
  readonly #warnings = new NoteCollector();
  #landed = 0;
  #ignored = 0;
  /** Messages dealt with, and how many there are to deal with. */
  #done = 0;
  #total = 0;
  #bytes = 0;

  constructor(warehouse: Warehouse, source: SensorTopic, options: LoadOptions) {
    this.#warehouse = warehouse;
    this.#source = source;
    this.#options = options;
    this.#bronze = new BronzeWriter(source.bronzeRoot, source.bronzeRemote);
  }

  async run(): Promise<LoadSummary> {
    const { open, topic, limits, isOver } = this.#source;
    const log = await open();
    try {
      await drain(log, {
        source: sensors,
        warehouse: this.#warehouse,
        topics: [topic],
        limits,
        isOver,
        clock: this.#options.clock,
        skipLost: this.#options.skipLost === true,
        checkpoint: this.#checkpoint,
        onTotal: (messages) => {
          this.#total = messages;
        },
        onLost: (note) => this.#warnings.add([note]),
        land: async (ranges, plannedAt, turn) => {
          // What is known of a name, and what was erased, is asked once the batch before is landed.
          await turn;
          await this.#land(log.name, ranges, plannedAt);
        },
      });
    } finally {
      const note = await log.close();
      if (note !== undefined) this.#warnings.add([note]);
    }
    return {
      source: sensors,
      listed: 'offsets',
      landed: this.#landed,
      rejected: { ...this.#rejected },
      skipped: { count: 0, first: [] },
      ignored: this.#ignored,
      warnings: { ...this.#warnings },
      loads: this.#loads,
      bytes: this.#bytes,
    };
  }

  async #land(log: string, ranges: readonly Gathered[], plannedAt: Date | undefined): Promise<void> {
    const { apartments, times, bronzeRoot, bronzeRemote } = this.#source;
    const { clock, onProgress } = this.#options;
    if (plannedAt === undefined) await planRanges(this.#warehouse, log, ranges, clock());
    // An erasure may have begun since the last batch.
    const erased = new SubjectRule(await readTombstones(this.#warehouse));
    const names = new SensorNames(apartments, erased, times, clock);
    const messages = fileMessages(ranges, names);
    const allowed = messages.filter((message) => !isErased(erased, message));
    this.#ignored += messages.length - allowed.length;
    const chosen = oneOfEach(allowed);
    const known = await knownFiles(this.#warehouse, [...chosen.values()]);
    const candidates = [...chosen.keys()].flatMap((name) => {
      const before = known.get(name);
      if (before === 'landed') return [];
      return [before === undefined ? { name, path: name } : { name, path: name, before }];
    });
    const bronze = this.#bronze;
    const result = await landBatch({
      warehouse: this.#warehouse,
      bronze,
      candidates,
      take: (files) => takeMessages(files, chosen, names, bronze),
      mostBytes: undefined,
      begin: (session) => passRanges(session, log, ranges),
      clock,
      checkpoint: this.#checkpoint,
      onFile: () => undefined,
    });
    if (result.loadId !== undefined) this.#loads.push(result.loadId);
    this.#landed += result.landed;
    this.#bytes += result.bytes;
    this.#rejected.add(result.rejected);
    this.#done += messages.length;
    onProgress?.({
      phase: 'landing',
      files: this.#done,
      total: this.#source.isOver === undefined ? Math.max(this.#done, this.#total) : undefined,
      bytes: this.#bytes,
    });
    // Only now, that the ledger names another copy.
    for (const path of result.replacedCopies) {
      await rm(placeInBronze(bronzeRoot, path), { force: true });
      await bronzeRemote?.remove(path);
    }
  }

  readonly #checkpoint = (): void => {
    if (this.#options.signal?.aborted === true) throw new LoadInterruptedError([...this.#loads]);
  };
}

function isErased(erased: SubjectRule, { name, key }: FileMessage): boolean {
  return erased.size > 0 && (isSubjectsPath(erased, name) || (key !== '' && erased.hasApartment(key)));
}
