// The sample day of `datacycle demo`.
//
//   1. sample-day.ts, sample-files.ts   2,880 sensor files of two simulated apartments (household/)
//   2. faults.ts, damage.ts                         a few of them are broken on purpose
//   3. sample-forecasts.ts, sample-registry.ts      forecasts and a registry to match
//   4. insights.ts                                  what the demo shows after the build
//
// The same seed yields the same bytes, so that the figures in README.md stay true.
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleFileCount, sampleFiles } from './sample-files.ts';

export interface SampleDay {
  readonly files: number;
  /** Names of the files a loader has to reject, in order of time. */
  readonly broken: readonly string[];
  readonly bytes: number;
}

export interface SampleDayProgress {
  /** Files written so far. */
  readonly files: number;
  readonly total: number;
  readonly bytes: number;
}

export interface SampleDayOptions {
  /** Called after every file. */
  readonly onProgress?: (progress: SampleDayProgress) => void;
}

/** When the files were last written: after the day. */
const lastWritten = new Date('2023-10-13T00:00:00Z');

/** Enough to keep a disk busy, few enough to hold little memory and few open files. */
const writers = 16;

/**
 * Writes an invented day of both apartments as their sensors would: 2,880 files, the same bytes on every run and
 * platform. Files of the same name are overwritten, others are left alone.
 * @param folder created if it is not there.
 * @throws the error of the file system as it is; some files may have been written by then.
 * @example
 * const { files, broken } = await writeSampleDay('.datacycle/demo/sensors'); // 2880, and the names of eight
 */
export async function writeSampleDay(folder: string, options: SampleDayOptions = {}): Promise<SampleDay> {
  await mkdir(folder, { recursive: true });
  const source = sampleFiles();
  const broken: string[] = [];
  let files = 0;
  let bytes = 0;
  const write = async () => {
    // All writers draw from one generator, so each file is generated when a writer is free.
    for (let next = source.next(); next.done !== true; next = source.next()) {
      const { name, content, rejected } = next.value;
      if (rejected) broken.push(name);
      await writeFile(join(folder, name), content);
      // Whole, and so it looks: what was written a moment ago may be half a file.
      await utimes(join(folder, name), lastWritten, lastWritten);
      files += 1;
      bytes += content.length;
      options.onProgress?.({ files, total: sampleFileCount, bytes });
    }
  };
  try {
    await Promise.all(Array.from({ length: writers }, write));
  } catch (error) {
    source.return();
    throw error;
  }
  return { files, broken, bytes };
}
