import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordFailure, recordSuccess } from '../../loaders/landing/attempt.ts';
import { LoadInterruptedError } from '../../loaders/landing/errors.ts';
import { ensureStaging } from '../../loaders/landing/staging.ts';
import { type LoadSummary, settleMs } from '../../loaders/landing/summary.ts';
import { atOnce, type Pace, steadily, timewarp } from '../../loaders/replay/pace.ts';
import { RecordedFolder, RecordedObjects, type RecordingPlace } from '../../loaders/replay/place.ts';
import {
  abandonReplay,
  beginReplay,
  finishReplay,
  type QueueStarts,
  queueName,
} from '../../loaders/replay/queue-replay.ts';
import { findRecording, type Recording } from '../../loaders/replay/recording.ts';
import { type ReplaySummary, replay, topicOf } from '../../loaders/replay/replay.ts';
import { loadStream } from '../../loaders/stream/load-stream.ts';
import { QueueLog } from '../../loaders/stream/queue-log.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRemote, bucketAt } from '../settings/bronze.ts';
import { bronzeRoot, isInBucket, openProjectWarehouse } from '../settings/environment.ts';
import { messageForm } from '../settings/message-form.ts';
import { kafkaAddress, streamSource } from '../sources/stream-settings.ts';
import { ProgressLine } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ReplayFlags {
  /** Messages a second, or `max`. */
  readonly rate?: string | undefined;
  readonly timewarp?: string | boolean | undefined;
  readonly rooms?: string | undefined;
  readonly sensors?: string | undefined;
  readonly again?: boolean | undefined;
  readonly abandon?: boolean | undefined;
  /** Writes an invented building of so many days first. */
  readonly generate?: string | undefined;
}

/** Sends the readings of a folder or a bucket as messages: to Kafka, or through the queue of this process into the database. */
export async function replayCommand(
  project: Project,
  address: string | undefined,
  flags: ReplayFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const pace = paceOf(flags);
  if (flags.abandon === true) return giveUp(project, terminal);
  if (address === undefined) {
    throw new UsageError({ what: 'the folder to replay is missing', hint: 'Write datacycle replay <folder>.' });
  }
  const place = placeAt(project, address);
  if (flags.generate !== undefined) await generate(address, flags.generate, terminal);
  const recording = await findRecording(place, { rooms: listOf(flags.rooms), sensors: listOf(flags.sensors) });
  assertTopics(project, recording);
  const broker = kafkaAddress(project);
  if (broker !== undefined) {
    const { KafkaSink } = await import('../../loaders/kafka/kafka-sink.ts');
    const sink = new KafkaSink(broker);
    try {
      const position = new PositionFile(project.root, recording.id);
      const skip = flags.again === true ? 0 : position.read();
      if (skip > 0) terminal.say(`It goes on behind the ${thousands(skip)} messages that were sent before.`, 'faint');
      const progress = new ProgressLine(terminal, 'replay', 'messages');
      const summary = await replay(recording, sink, {
        pace,
        skip,
        sentAt: 'now',
        signal,
        onProgress: ({ messages, bytes }) => progress.update('sent', messages, undefined, bytes),
        onSafe: async (sent) => position.write(sent),
      });
      report(summary, terminal, `sent to Kafka at ${broker.brokers.join(', ')}`);
    } finally {
      await sink.close();
    }
    return 0;
  }
  const warehouse = await openProjectWarehouse(project, 'replay', 3, { signal });
  try {
    await replayInto(warehouse, project, recording, { pace, again: flags.again === true }, terminal, signal);
    return 0;
  } finally {
    await warehouse.close();
  }
}

/**
 * Replays through the queue of this process into a database that is open.
 * @returns what was landed; undefined if the recording was replayed before.
 */
export async function replayInto(
  warehouse: Warehouse,
  project: Project,
  recording: Recording,
  options: { readonly pace: Pace; readonly again: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<LoadSummary | undefined> {
  const clock = () => new Date();
  await ensureStaging(warehouse);
  const begun = await beginReplay(warehouse, recording.id, clock(), options.again);
  if (begun.kind === 'finished') {
    terminal.say(`These files were replayed until ${begun.at}. --again replays them once more.`, 'warning');
    return undefined;
  }
  if (begun.kind === 'resumed') terminal.say('It goes on where it was stopped.', 'faint');
  const started = Date.now();
  const { landing, sending } = await sendAndLand(
    warehouse,
    project,
    recording,
    begun.starts,
    options.pace,
    terminal,
    signal,
  );
  await finishReplay(warehouse, recording.id, clock());
  const seconds = (Date.now() - started) / 1000;
  report(
    sending,
    terminal,
    `landed in ${seconds.toFixed(2)}s, ${thousands(Math.round(sending.messages / seconds))} a second`,
  );
  if (landing.rejected.count > 0)
    terminal.say(`  ${thousands(landing.rejected.count)} were rejected: datacycle status`, 'warning');
  return landing;
}

async function sendAndLand(
  warehouse: Warehouse,
  project: Project,
  recording: Recording,
  starts: QueueStarts,
  pace: Pace,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ readonly landing: LoadSummary; readonly sending: ReplaySummary }> {
  const source = streamSource(project);
  const queue = new QueueLog(queueName, source.form.topics, starts);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const progress = new ProgressLine(terminal, 'replay', 'messages');
  const clock = () => new Date();
  const sending = replay(recording, queue, {
    pace,
    skip: 0,
    sentAt: 'event',
    signal: stop,
    onProgress: ({ messages, bytes }) => progress.update('sent', messages, undefined, bytes),
  }).finally(() => queue.end());
  // The loader fails first, or has its end from the queue; this failure is met below.
  sending.catch(() => undefined);
  try {
    const landing = await loadStream(
      warehouse,
      { ...source, open: async () => queue, isOver: () => queue.isOver },
      { mode: 'new', clock, signal: stop, settleMs },
    );
    const sent = await sending;
    await recordSuccess(warehouse, 'stream', clock());
    return { landing, sending: sent };
  } catch (error) {
    failed.abort();
    await sending.catch(() => undefined);
    if (!(error instanceof LoadInterruptedError))
      await recordFailure(warehouse, 'stream', clock(), error instanceof Error ? error.message : String(error)).catch(
        () => undefined,
      );
    throw error;
  }
}

function report({ messages, skippedLines }: ReplaySummary, terminal: Terminal, where: string): void {
  terminal.say(`${thousands(messages)} messages ${where}.`, 'good');
  if (skippedLines > 0)
    terminal.say(`  ${thousands(skippedLines)} lines begin with no number and were skipped.`, 'faint');
  if (terminal.json) terminal.event({ type: 'replayed', messages, skippedLines });
}

async function giveUp(project: Project, terminal: Terminal): Promise<0 | 1> {
  const warehouse = await openProjectWarehouse(project, 'replay', 1);
  try {
    await ensureStaging(warehouse);
    const gaveUp = await abandonReplay(warehouse, bronzeRoot(project), new Date(), bronzeRemote(project));
    terminal.say(gaveUp ? 'The replay is given up; what it has landed stays.' : 'No replay is unfinished.');
    return 0;
  } finally {
    await warehouse.close();
  }
}

function paceOf({ rate, timewarp: factor }: ReplayFlags): Pace {
  if (rate !== undefined && factor !== undefined) {
    throw new UsageError({
      what: '--rate and --timewarp exclude each other',
      hint: '--rate 5 sends five messages a second; --timewarp 10 keeps the pauses, divided by ten.',
    });
  }
  if (factor !== undefined) return timewarp(factor === true ? 10 : positive('--timewarp', String(factor)));
  if (rate === 'max') return atOnce;
  return steadily(rate === undefined ? 5 : positive('--rate', rate));
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError({
    what: `${flag} is "${text}", but must be a number above 0${flag === '--rate' ? ' or max' : ''}`,
    hint: `Write e.g. ${flag} 10.`,
  });
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((one) => one.trim());
}

/** A topic that no project reads would take messages that nobody lands. */
function assertTopics(project: Project, recording: Recording): void {
  const { topics } = messageForm(project);
  const missing = recording.files.find(({ sensor }) => !topics.includes(topicOf(sensor)));
  if (missing === undefined) return;
  throw new UsageError({
    what: `${missing.path} belongs to the topic ${topicOf(missing.sensor)}, which vars.stream.topics does not have`,
    hint: 'Add it there in project.yml, or choose sensors by --sensors.',
  });
}

/** @throws UsageError | ObjectSettingError */
function placeAt(project: Project, address: string): RecordingPlace {
  if (!isInBucket(address)) return new RecordedFolder(address);
  const { bucket, prefix } = bucketAt(project, 'the recording', address);
  return new RecordedObjects(bucket, prefix);
}

async function generate(folder: string, size: string, terminal: Terminal): Promise<void> {
  if (isInBucket(folder)) {
    throw new UsageError({
      what: '--generate writes files of this machine, not objects of a bucket',
      hint: 'Name a folder, then copy it into the bucket.',
    });
  }
  const { roomNames, writeBuilding } = await import('../demo/building/building.ts');
  const match = /^(\d{1,3})x(\d{1,3})$/.exec(size);
  const [rooms, days] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || rooms < 1 || rooms > roomNames.length || days < 1) {
    throw new UsageError({
      what: `--generate is "${size}", but must be rooms x days, e.g. 51x9`,
      hint: `There are up to ${roomNames.length} rooms; a day of one is about 78,000 lines.`,
    });
  }
  if (existsSync(folder)) {
    terminal.say(`${folder} is there already and stays as it is.`, 'faint');
    return;
  }
  const progress = new ProgressLine(terminal, 'building');
  const { files, lines, bytes } = await writeBuilding(folder, {
    rooms,
    days,
    onProgress: (written) => progress.update('writing', written.files, rooms * 5, written.bytes),
  });
  terminal.say(`${files} files, ${thousands(lines)} lines, ${(bytes / 1e6).toFixed(1)} MB in ${folder}.`, 'good');
}

/** How many messages of a recording were sent to Kafka, in a file below .datacycle/. A kill repeats those of about a second. */
class PositionFile {
  readonly #path: string;

  constructor(root: string, id: string) {
    const folder = join(root, '.datacycle', 'replay');
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, `${id}.json`);
  }

  read(): number {
    if (!existsSync(this.#path)) return 0;
    const text = readFileSync(this.#path, 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : 0;
  }

  write(sent: number): void {
    writeFileSync(`${this.#path}.part`, `${sent}\n`);
    renameSync(`${this.#path}.part`, this.#path);
  }
}
