import { StatementError } from '../../warehouse/errors.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { BronzeWriter } from '../landing/bronze.ts';
import { copyLine, copyValue } from '../landing/copy-text.ts';
import { LoadFailedError } from '../landing/errors.ts';
import { inLoad } from '../landing/load.ts';
import type { Note } from '../landing/summary.ts';
import { type BronzeFile, bronzeFiles } from './bronze-files.ts';
import type { MessageForm } from './form.ts';
import type { Gathered } from './gather.ts';
import { passRanges, planRanges } from './offsets.ts';
import type { MessageReader } from './read-message.ts';

/** What landing needs besides the messages. */
export interface StreamLanding {
  readonly warehouse: Warehouse;
  /** The name of the log. */
  readonly log: string;
  readonly form: MessageForm;
  readonly reader: MessageReader;
  readonly bronze: BronzeWriter;
  readonly clock: () => Date;
}

/** What one batch landed. */
export interface LandedBatch {
  readonly loadId: number | undefined;
  readonly messages: number;
  readonly rejected: readonly Note[];
  readonly files: number;
  /** Of the messages. */
  readonly bytes: number;
}

/**
 * Lands ranges of messages exactly once: the plan is committed, the files are written under names that follow from it, then load, ledger, rows and
 * offsets commit together. A kill in between leaves the plan; who repeats it gives `plannedAt`, and the files come out the same, byte for byte.
 * @param turn when the batch before is landed. The files are made in memory before, while that one waits for the disk and for PostgreSQL.
 * @throws StaleOffsetError if another process landed them; LoadFailedError; ConnectionError; what `turn` fails with.
 */
export async function landBatch(
  landing: StreamLanding,
  ranges: readonly Gathered[],
  plannedAt?: Date,
  turn: Promise<void> = Promise.resolve(),
): Promise<LandedBatch> {
  const { warehouse, log, bronze, clock } = landing;
  const at = plannedAt ?? clock();
  const files = await bronzeFiles(landing, log, ranges, at);
  await turn;
  if (plannedAt === undefined) await planRanges(warehouse, log, ranges, at);
  try {
    for (const { path, bytes } of files) await bronze.write(path, bytes);
    await bronze.settle();
    return await commit(landing, ranges, files);
  } catch (error) {
    await bronze.discard();
    throw error;
  }
}

async function commit(
  landing: StreamLanding,
  ranges: readonly Gathered[],
  files: readonly BronzeFile[],
): Promise<LandedBatch> {
  const { warehouse, log, clock } = landing;
  const rejects = files.flatMap(({ rejects, range }) =>
    rejects.map(({ message, reason }) => ({ name: `${range.topic}:${range.partition} at ${message.offset}`, reason })),
  );
  const messages = files.reduce((sum, { readings }) => sum + readings.length, 0);
  try {
    const { loadId } = await inLoad(warehouse, 'stream', clock, async (session, loadId) => {
      await passRanges(session, log, ranges);
      const fileIds = await nextFileIds(session, files.length);
      await session.copyIn(
        'copy staging.stream_message (file_id, load_id, topic, partition, message_offset, message_time, message) from stdin',
        rowsOf(files, fileIds, loadId),
      );
      await writeLedger(session, files, fileIds, loadId);
      return {
        files: files.length,
        records: messages,
        rejected: files.filter(({ rejects }) => rejects.length > 0).length,
      };
    });
    const bytes = ranges.reduce(
      (sum, { messages }) => sum + messages.reduce((all, { value }) => all + value.length, 0),
      0,
    );
    return { loadId, messages, rejected: rejects, files: files.length, bytes };
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    throw new LoadFailedError({
      what: `messages of ${ranges.map(({ topic, partition, from, to }) => `${topic}:${partition} ${from} to ${to - 1}`).join(', ')} could not be landed: ${error.message} (SQLSTATE ${error.code})`,
      hint: 'They were rolled back as a whole; once the cause is gone, load again.',
    });
  }
}

async function nextFileIds(session: Session, count: number): Promise<readonly number[]> {
  const { rows } = await session.query<{ id: number }>(
    `select nextval('staging.file_id') as id from generate_series(1, $1::integer)`,
    [count],
  );
  return rows.map(({ id }) => Number(id));
}

/** The rows as COPY takes them, in chunks: what a chunk costs on its way hardly depends on its size. */
async function* rowsOf(
  files: readonly BronzeFile[],
  fileIds: readonly number[],
  loadId: number,
): AsyncGenerator<string> {
  let chunk = '';
  let [lastTime, written] = [Number.NaN, ''];
  for (const [at, { range, readings }] of files.entries()) {
    const head = `${fileIds[at]}\t${loadId}\t${copyValue(range.topic)}\t${range.partition}\t`;
    for (const { message, text } of readings) {
      // Many have one time, and writing it takes longer than the rest of the row.
      if (message.time !== lastTime) {
        lastTime = message.time;
        written = new Date(lastTime).toISOString();
      }
      chunk += `${head}${message.offset}\t${written}\t${copyValue(text)}\n`;
      if (chunk.length > 60_000) {
        yield chunk;
        chunk = '';
      }
    }
  }
  if (chunk !== '') yield chunk;
}

async function writeLedger(
  session: Session,
  files: readonly BronzeFile[],
  fileIds: readonly number[],
  loadId: number,
): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    for (const [at, { path, bytes, sha256, readings, rejects }] of files.entries()) {
      const [first] = rejects;
      // Not by spread: a file may have tens of thousands of rows.
      const newest = readings.reduce((latest, { eventMs }) => Math.max(latest, eventMs), 0);
      yield copyLine([
        fileIds[at] ?? null,
        'stream',
        path.slice('stream/'.length),
        path,
        bytes.length,
        sha256,
        loadId,
        first === undefined ? 'landed' : 'rejected',
        first === undefined ? null : `of a message: ${first.reason}`,
        newest === 0 ? null : new Date(newest).toISOString(),
        readings.length + rejects.length,
      ]);
    }
  }
  await session.copyIn(
    'copy staging.file (file_id, source, name, bronze_path, bytes, sha256, load_id, status, reason, source_time, messages) from stdin',
    lines(),
  );
}
