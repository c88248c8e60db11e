import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { MessageForm } from './form.ts';
import type { Gathered } from './gather.ts';
import type { OffsetRange } from './offsets.ts';
import { readingsFile, rejectsFile } from './parquet.ts';
import type { MessageReader, Reading, Reject } from './read-message.ts';

/** One file of Bronze: the messages of a range that belong together. */
export interface BronzeFile {
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
  readonly range: OffsetRange;
  readonly readings: readonly Reading[];
  readonly rejects: readonly Reject[];
  readonly bytes: Buffer;
  readonly sha256: string;
}

interface Gathering {
  readonly path: string;
  readonly readings: Reading[];
  readonly rejects: Reject[];
}

/** Messages that are read, then whoever waits for the disk or PostgreSQL has a turn. */
const readAtOnce = 500;

/**
 * The files of ranges, in memory. The same messages, log and time give the same files, byte for byte. It works in small pieces, so that meanwhile
 * the batch before can be written.
 * @param at which `ingest_ts` says.
 */
export async function bronzeFiles(
  { reader, form }: { readonly reader: MessageReader; readonly form: MessageForm },
  log: string,
  ranges: readonly Gathered[],
  at: Date,
): Promise<readonly BronzeFile[]> {
  const files: BronzeFile[] = [];
  for (const range of ranges) {
    const { topic, partition } = range;
    const origin = { topic, partition, ingestedAt: at };
    for (const { path, readings, rejects } of await gathered(reader, log, range)) {
      const bytes = rejects.length > 0 ? rejectsFile(rejects, origin) : readingsFile(form, readings, origin);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      files.push({ path, range, readings, rejects, bytes, sha256 });
      await setImmediate();
    }
  }
  return files;
}

/** The messages of a range by the files they belong into. */
async function gathered(reader: MessageReader, log: string, range: Gathered): Promise<readonly Gathering[]> {
  const { topic, partition, from, to, messages } = range;
  const name = `${topic}@${log}-p${partition}-${from}-${to}.parquet`;
  const files = new Map<string, Gathering>();
  const file = (key: string, folder: () => string): Gathering => {
    const there = files.get(key);
    if (there !== undefined) return there;
    const made = { path: `stream/${folder()}/${name}`, readings: [], rejects: [] };
    files.set(key, made);
    return made;
  };
  // The reader gives the messages of a sender the same list of texts, so that most need no key.
  const latest = new Map<readonly string[], { readonly day: string; readonly file: Gathering }>();
  const fileFor = (reading: Reading): Gathering => {
    const known = latest.get(reading.parts);
    if (known?.day === reading.day) return known.file;
    // Where letter case does not matter, 621a and 621A are one folder.
    const key = `${reading.day} ${reading.parts.join('\u0000').toLowerCase()}`;
    const found = file(key, () => folderOf(reader.partitionBy, reading));
    latest.set(reading.parts, { day: reading.day, file: found });
    return found;
  };
  for (const [at, message] of messages.entries()) {
    if (at % readAtOnce === readAtOnce - 1) await setImmediate();
    const read = reader.read(message);
    if ('reject' in read) file('', () => 'rejected').rejects.push(read.reject);
    else fileFor(read.reading).readings.push(read.reading);
  }
  return [...files.values()];
}

/** As Hive names the folders of a partitioned table: `event_date=2013-08-23/room=413/sensor=co2`. */
function folderOf(names: readonly string[], { day, parts }: Reading): string {
  const folders = parts.map(
    (part, at) => `${names[at]}=${encodeURIComponent(part).replaceAll('*', '%2A').replaceAll('.', '%2E')}`,
  );
  return [`event_date=${day}`, ...folders].join('/');
}
