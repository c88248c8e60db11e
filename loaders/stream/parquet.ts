import type { SchemaElement } from 'hyparquet';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { MessageForm } from './form.ts';
import type { TopicPartition } from './message-log.ts';
import { messageText, type Reading, type Reject } from './read-message.ts';

/** What is said of all rows of a file. */
export interface FileOrigin extends TopicPartition {
  readonly ingestedAt: Date;
}

/** A message as a file of Bronze has it. */
export interface StoredMessage {
  readonly offset: number;
  readonly time: number;
  readonly text: string;
}

const text = (name: string, optional = false): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: optional ? 'OPTIONAL' : 'REQUIRED',
});
const whole = (name: string, type: 'INT32' | 'INT64'): SchemaElement => ({ name, type, repetition_type: 'REQUIRED' });
const instant = (name: string): SchemaElement => ({
  name,
  type: 'INT64',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  converted_type: 'TIMESTAMP_MILLIS',
  repetition_type: 'REQUIRED',
});

interface Column {
  readonly element: SchemaElement;
  readonly data: unknown[] | Float64Array;
  readonly encoding?: 'DELTA_BINARY_PACKED';
}

/** A file of columns. The same values give the same bytes. */
function fileOf(columns: readonly Column[]): Buffer {
  const bytes = parquetWriteBuffer({
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ element }) => element)],
    columnData: columns.map(({ element, data, encoding }) => ({
      name: element.name,
      data,
      ...(encoding === undefined ? {} : { encoding }),
    })),
    // The first group of a file would have 1,000 rows otherwise.
    rowGroupSize: 100_000,
    createdBy: 'datacycle',
  });
  return Buffer.from(bytes);
}

/** Unix seconds and times of one row after the other differ by little. */
const stepwise = { encoding: 'DELTA_BINARY_PACKED' } as const;

/**
 * Messages of one partition of a topic as a Parquet file: the fields that partition Bronze, `<time>_unix` in whole seconds, the numbers, then
 * `topic`, `partition`, `offset`, `kafka_ts`, `event_ts`, `event_date`, `ingest_ts`, and `message`, what the others do not say (see Reading.rest).
 */
export function readingsFile(form: MessageForm, readings: readonly Reading[], origin: FileOrigin): Buffer {
  const ingested = BigInt(origin.ingestedAt.getTime());
  return readingColumns(form, {
    part: (at) => readings.map(({ parts }) => parts[at]),
    unix: () => readings.map(({ eventMs }) => BigInt(Math.floor(eventMs / 1000))),
    number: (at) => readings.map(({ numbers }) => numbers[at] ?? null),
    topic: () => readings.map(() => origin.topic),
    partition: () => readings.map(() => origin.partition),
    offset: () => readings.map(({ message }) => BigInt(message.offset)),
    sent: () => readings.map(({ message }) => BigInt(message.time)),
    event: () => readings.map(({ eventMs }) => BigInt(Math.floor(eventMs))),
    day: () => readings.map(({ day }) => Date.parse(day) / 86_400_000),
    ingested: () => readings.map(() => ingested),
    rest: () => readings.map(({ rest }) => rest),
  });
}

/** All rows of files that {@link readingsFile} made of one partition, as one file, in the order of their offsets. */
export async function mergedFile(form: MessageForm, files: readonly Uint8Array[]): Promise<Buffer> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for (const file of files) for (const row of await rowsOf(file)) rows.push(row);
  rows.sort((a, b) => Number(a.offset) - Number(b.offset));
  const times = (name: string) => rows.map((row) => BigInt(timeOf(row[name])));
  return readingColumns(form, {
    part: (at) => rows.map((row) => row[form.partitionBy[at] ?? '']),
    unix: () => rows.map((row) => row[unixColumn(form)]),
    number: (at) => rows.map((row) => row[form.numbers[at] ?? ''] ?? null),
    topic: () => rows.map(({ topic }) => topic),
    partition: () => rows.map(({ partition }) => partition),
    offset: () => rows.map(({ offset }) => offset),
    sent: () => times('kafka_ts'),
    event: () => times('event_ts'),
    day: () => rows.map((row) => timeOf(row.event_date) / 86_400_000),
    ingested: () => times('ingest_ts'),
    rest: () => rows.map(({ message }) => message ?? null),
  });
}

/** The values of each column, row by row. `at`: the number of a field among those of the form. */
interface ReadingValues {
  readonly part: (at: number) => unknown[];
  readonly unix: () => unknown[];
  readonly number: (at: number) => unknown[];
  readonly topic: () => unknown[];
  readonly partition: () => unknown[];
  readonly offset: () => unknown[];
  readonly sent: () => unknown[];
  readonly event: () => unknown[];
  readonly day: () => unknown[];
  readonly ingested: () => unknown[];
  readonly rest: () => unknown[];
}

function readingColumns(form: MessageForm, values: ReadingValues): Buffer {
  return fileOf([
    ...form.partitionBy.map((name, at) => ({ element: text(name), data: values.part(at) })),
    { element: whole(unixColumn(form), 'INT64'), data: values.unix(), ...stepwise },
    ...form.numbers.map((name, at) => ({
      element: { name, type: 'DOUBLE', repetition_type: 'OPTIONAL' } as SchemaElement,
      data: values.number(at),
    })),
    { element: text('topic'), data: values.topic() },
    { element: whole('partition', 'INT32'), data: values.partition() },
    { element: whole('offset', 'INT64'), data: values.offset(), ...stepwise },
    { element: instant('kafka_ts'), data: values.sent(), ...stepwise },
    { element: instant('event_ts'), data: values.event(), ...stepwise },
    {
      element: { name: 'event_date', type: 'INT32', converted_type: 'DATE', repetition_type: 'REQUIRED' },
      data: values.day(),
    },
    { element: instant('ingest_ts'), data: values.ingested() },
    { element: text('message', true), data: values.rest() },
  ]);
}

/** Messages that cannot be landed, with the reason: `topic`, `partition`, `offset`, `kafka_ts`, `ingest_ts`, `reason`, `message` (its bytes). */
export function rejectsFile(rejects: readonly Reject[], origin: FileOrigin): Buffer {
  const ingested = BigInt(origin.ingestedAt.getTime());
  return fileOf([
    { element: text('topic'), data: rejects.map(() => origin.topic) },
    { element: whole('partition', 'INT32'), data: rejects.map(() => origin.partition) },
    { element: whole('offset', 'INT64'), data: rejects.map(({ message }) => BigInt(message.offset)) },
    { element: instant('kafka_ts'), data: rejects.map(({ message }) => BigInt(message.time)) },
    { element: instant('ingest_ts'), data: rejects.map(() => ingested) },
    { element: text('reason'), data: rejects.map(({ reason }) => reason) },
    {
      element: { name: 'message', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
      data: rejects.map(({ message }) => message.value),
    },
  ]);
}

/** The messages of a file that {@link readingsFile} made. @throws what hyparquet throws for bytes that are no such file. */
export async function storedMessages(form: MessageForm, bytes: Uint8Array): Promise<readonly StoredMessage[]> {
  const rows = await rowsOf(bytes);
  return rows.map((row) => {
    const rest = row.message;
    const parts = form.partitionBy.map((name) => String(row[name]));
    const numbers = form.numbers.map((name) => (typeof row[name] === 'number' ? row[name] : null));
    return {
      offset: Number(row.offset),
      time: timeOf(row.kafka_ts),
      text:
        typeof rest === 'string' && rest !== ''
          ? rest
          : messageText(form, parts, Number(row[unixColumn(form)]), numbers, rest === ''),
    };
  });
}

/** How many rows a file has, by its footer. */
export function storedRows(bytes: Uint8Array): number {
  return Number(parquetMetadata(bufferOf(bytes)).num_rows);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function rowsOf(bytes: Uint8Array): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return parquetReadObjects({ file: bufferOf(bytes) });
}

function unixColumn({ time }: MessageForm): string {
  return `${time}_unix`;
}

function timeOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : Number(value);
}
