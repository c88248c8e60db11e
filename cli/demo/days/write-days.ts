import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DaysOptions, dayFiles, dayForecasts } from './days.ts';

/** What was written. */
export interface WrittenDays {
  readonly files: number;
  readonly bytes: number;
  readonly forecasts: number;
}

/** When the files were last written: after the last day, so that none looks half written. */
const lastWritten = new Date('2023-10-13T00:00:00Z');
/** Enough to keep a disk busy, few enough to hold little memory. */
const writers = 16;

/**
 * Writes the sensor files of all days into one folder, as a share has them, and the forecasts into Bronze, where
 * `load weather --from-bronze` finds them.
 * @throws the error of the file system as it is, or the signal's reason.
 */
export async function writeDays(
  share: string,
  bronze: string,
  options: DaysOptions,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (files: number, total: number, bytes: number) => void },
): Promise<WrittenDays> {
  await mkdir(share, { recursive: true });
  const source = dayFiles(options);
  const total = options.days * 2880;
  let [files, bytes, forecasts] = [0, 0, 0];
  const write = async () => {
    for (let next = source.next(); next.done !== true; next = source.next()) {
      signal.throwIfAborted();
      const { name, content } = next.value;
      await writeFile(join(share, name), content);
      await utimes(join(share, name), lastWritten, lastWritten);
      files += 1;
      bytes += content.length;
      onProgress(files, total, bytes);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  for (const { day, text } of dayForecasts(options)) {
    const path = join(bronze, 'weather', ...day.split('-'), `Pred_${day}.csv`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    forecasts += 1;
  }
  return { files, bytes, forecasts };
}
