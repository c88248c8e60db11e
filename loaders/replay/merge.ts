import type { RecordingPlace } from './place.ts';
import type { Recording, SensorFile } from './recording.ts';

/** A line of a recording. */
export interface RecordedReading {
  readonly file: SensorFile;
  /** Unix seconds, with a fraction where the file has one. */
  readonly seconds: number;
  /** As it stands in the file, without blanks around. */
  readonly value: string;
}

/** What was met while merging. */
export interface MergeTally {
  /** Lines that do not begin with a number. */
  skippedLines: number;
  /** Bytes read so far. */
  bytes: number;
}

/** Reads a file piece by piece and hands out its readings in their order. */
class Cursor {
  readonly file: SensorFile;
  readonly #place: RecordingPlace;
  readonly #tally: MergeTally;
  #position = 0;
  #rest = '';
  #times: number[] = [];
  #values: string[] = [];
  #at = 0;
  #isAtEnd = false;

  constructor(file: SensorFile, place: RecordingPlace, tally: MergeTally) {
    this.file = file;
    this.#place = place;
    this.#tally = tally;
  }

  /** The time of the reading at hand. Only after {@link advance} has said that there is one. */
  get seconds(): number {
    return this.#times[this.#at] ?? 0;
  }

  get value(): string {
    return this.#values[this.#at] ?? '';
  }

  /** Goes to the next reading; false if that is to be read from the file first. */
  step(): boolean {
    this.#at += 1;
    return this.#at < this.#times.length;
  }

  /** Reads until there is a reading at hand; false at the end of the file. */
  async fill(): Promise<boolean> {
    this.#times = [];
    this.#values = [];
    this.#at = 0;
    while (this.#times.length === 0) {
      if (this.#isAtEnd) return false;
      await this.#read();
    }
    return true;
  }

  async #read(): Promise<void> {
    const bytes = await this.#place.read(this.file, this.#position);
    this.#position += bytes.length;
    this.#tally.bytes += bytes.length;
    this.#isAtEnd = bytes.length === 0;
    // Numbers and commas are ASCII; whatever else there is, is skipped.
    const lines = (this.#rest + bytes.toString('latin1')).split('\n');
    this.#rest = this.#isAtEnd ? '' : (lines.pop() ?? '');
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    const comma = line.indexOf(',');
    const time = comma <= 0 ? Number.NaN : Number(line.slice(0, comma));
    if (!(time > 0)) {
      if (line !== '' && line !== '\r') this.#tally.skippedLines += 1;
      return;
    }
    this.#times.push(time > 1e15 ? time / 1e6 : time > 1e12 ? time / 1e3 : time);
    this.#values.push(line.slice(comma + 1).trim());
  }
}

/**
 * The readings of all files in the order of their times, files of one time in the order of their names. Each file has to be in order itself; a
 * reading that is not comes when its turn in the file does.
 */
export async function* mergedReadings(
  { place, files }: Pick<Recording, 'place' | 'files'>,
  tally: MergeTally,
): AsyncGenerator<readonly RecordedReading[]> {
  const heap: { readonly cursor: Cursor; readonly rank: number }[] = [];
  const before = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return false;
    const difference = one.cursor.seconds - other.cursor.seconds;
    return difference < 0 || (difference === 0 && one.rank < other.rank);
  };
  const swap = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = one;
  };
  const down = (from: number) => {
    for (let at = from; ; ) {
      let least = at;
      if (before(2 * at + 1, least)) least = 2 * at + 1;
      if (before(2 * at + 2, least)) least = 2 * at + 2;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  for (const [rank, file] of files.entries()) {
    const cursor = new Cursor(file, place, tally);
    if (await cursor.fill()) heap.push({ cursor, rank });
  }
  for (let at = Math.floor(heap.length / 2); at >= 0; at -= 1) down(at);
  let batch: RecordedReading[] = [];
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    const { cursor } = top;
    batch.push({ file: cursor.file, seconds: cursor.seconds, value: cursor.value });
    if (batch.length >= 1000) {
      yield batch;
      batch = [];
    }
    if (!cursor.step() && !(await cursor.fill())) {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) break;
      heap[0] = last;
    }
    down(0);
  }
  if (batch.length > 0) yield batch;
}
