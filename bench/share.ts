import { mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleFiles } from '../cli/demo/sample-files.ts';
import { atOnce } from '../loaders/landing/in-order.ts';

const sampleDate = '12.10.2023';
const minutesOfDay = 1440;

/** Files written at once. */
const filesAtOnce = 64;

interface DayFile {
  readonly minute: number;
  readonly name: string;
  readonly text: string;
}

/** A folder of sensor files: the good files of the sample day, again and again under other dates, the same every time. */
export class Share {
  readonly #day: readonly DayFile[] = [...sampleFiles()]
    .filter((file) => !file.rejected)
    .map(({ name, content }) => ({
      minute: Number(name.slice(11, 13)) * 60 + Number(name.slice(13, 15)),
      name,
      text: content.toString('utf8'),
    }));

  readonly folder: string;
  readonly #first: number;
  readonly #written = new Set<string>();

  /** @param first the day of minute 0, in ms since 1970. */
  constructor(folder: string, first: number) {
    this.folder = folder;
    this.#first = first;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  /** Writes the files of the minutes `from` to below `to` after the first; before it they are negative. Returns their names. */
  async write(from: number, to: number): Promise<string[]> {
    const files: { readonly name: string; readonly date: string; readonly text: string }[] = [];
    for (let day = Math.floor(from / minutesOfDay); day * minutesOfDay < to; day += 1) {
      const date = this.#date(day);
      for (const { name, minute, text } of this.#day) {
        const at = day * minutesOfDay + minute;
        if (at >= from && at < to) files.push({ name: name.replace(sampleDate, date), date, text });
      }
    }
    await atOnce(files, filesAtOnce, ({ name, date, text }) =>
      writeFile(join(this.folder, name), text.replaceAll(sampleDate, date)),
    );
    const names = files.map(({ name }) => name);
    for (const name of names) this.#written.add(name);
    return names;
  }

  /** How many files there are. */
  get files(): number {
    return this.#written.size;
  }

  #date(day: number): string {
    const [date = ''] = new Date(this.#first + day * minutesOfDay * 60_000).toISOString().split('T');
    return date.split('-').reverse().join('.');
  }
}

/** Writes `days` whole days of sensor files, from the first of September; returns how many files there are. */
export async function writeShare(folder: string, days: number): Promise<number> {
  const names = await new Share(folder, Date.UTC(2023, 8, 1)).write(0, days * minutesOfDay);
  return names.length;
}
