// An invented building: rooms with five sensors each, as CSV files in the form of their recorder.
//
//   1. building.ts  writes <folder>/<room>/<sensor>.csv, sensor by sensor, day by day
//   2. room-day.ts  what happens in a room: who is in, and what that does to air, light and temperature
//   3. faults.ts    what real sensors do besides: pauses, values that cannot be, lines that are none
//
// The same rooms, days and seed give the same bytes on every machine.
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../household/random.ts';
import { Faults } from './faults.ts';
import { RoomDay, type Sensor, sensors } from './room-day.ts';

/** As rooms of an office building are called. */
export const roomNames: readonly string[] =
  `413 415 417 419 421 422 423 424 442 446 448 452 454 456 458 462 510 511 513 552 554 556 558 560 562 564 621 621A
621C 621D 621E 622 624 640 644 648 656A 656B 664 666 668 717 719 721 722 724 726 734 746 748 752`.split(/\s+/);

export interface BuildingOptions {
  /** How many rooms, at most as many as there are names. */
  readonly rooms: number;
  /** How many days in the building's zone (America/Los_Angeles). */
  readonly days: number;
  readonly seed?: number | undefined;
  /** Seconds between two readings of a sensor, of motion twice as many; default 5. */
  readonly step?: number | undefined;
  /** Called after every file. */
  readonly onProgress?: ((written: BuildingWritten) => void) | undefined;
}

export interface BuildingWritten {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
}

/** Midnight of 23 August 2013 in Los Angeles, in Unix seconds. */
export const firstDay = Date.parse('2013-08-23T07:00:00Z') / 1000;
export const daySeconds = 86_400;

/**
 * Writes the files of a building; files of the same name are overwritten.
 * @param folder created if it is not there.
 * @throws the error of the file system as it is.
 * @example
 * await writeBuilding('data/building', { rooms: 51, days: 9 }); // 255 files, about 29 million lines
 */
export async function writeBuilding(folder: string, options: BuildingOptions): Promise<BuildingWritten> {
  const { days, seed = 17, step = 5, onProgress } = options;
  const written = { files: 0, lines: 0, bytes: 0 };
  for (const [index, room] of roomNames.slice(0, options.rooms).entries()) {
    await mkdir(join(folder, room), { recursive: true });
    for (const sensor of sensors) {
      const file = await open(join(folder, room, `${sensor}.csv`), 'w');
      try {
        const faults = new Faults(room, sensor, seededRandom(seed * 7919 + index * 31 + sensors.indexOf(sensor)), days);
        for (let day = 0; day < days && !faults.isDead(day); day += 1) {
          // Who is in does not depend on the sensor.
          const text = linesOf(new RoomDay(seed * 104_729 + index * 613 + day, index, day), sensor, faults, day, step);
          await file.writeFile(text);
          written.lines += text.split('\n').length - 1;
          written.bytes += Buffer.byteLength(text);
        }
      } finally {
        await file.close();
      }
      written.files += 1;
      onProgress?.({ ...written });
    }
  }
  return written;
}

function linesOf(room: RoomDay, sensor: Sensor, faults: Faults, day: number, step: number): string {
  const every = sensor === 'pir' ? 2 * step : step;
  const start = firstDay + day * daySeconds;
  const lines: string[] = [];
  for (let second = faults.offset(every); second < daySeconds; second += faults.next(every)) {
    second += faults.pause(day, second);
    if (second >= daySeconds) break;
    lines.push(faults.line(start + second, room.value(sensor, second), day, second));
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
