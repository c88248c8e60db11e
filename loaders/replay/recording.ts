import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { SourceError } from '../landing/errors.ts';
import type { PlacedFile, RecordingPlace } from './place.ts';

/** A file of readings of one sensor, `<room>/<sensor>.csv`. */
export interface SensorFile extends PlacedFile {
  readonly room: string;
  /** As messages have it: co2, pir, luminosity, temperature, humidity; any other name in lower case. */
  readonly sensor: string;
}

/** Files that are replayed together. */
export interface Recording {
  readonly place: RecordingPlace;
  readonly files: readonly SensorFile[];
  readonly bytes: number;
  /** Made of names and sizes: the same files are the same recording. */
  readonly id: string;
}

/** Which rooms and sensors; undefined: all. */
export interface RecordingFilter {
  readonly rooms?: readonly string[] | undefined;
  readonly sensors?: readonly string[] | undefined;
}

const aliases: Readonly<Record<string, string>> = {
  motion: 'pir',
  light: 'luminosity',
  temp: 'temperature',
  hum: 'humidity',
  rh: 'humidity',
};

/** The sensor that a file name means: `Light.csv` is luminosity. */
export function sensorOf(fileName: string): string {
  const name = fileName.replace(/\.csv$/i, '').toLowerCase();
  return aliases[name] ?? name;
}

/** Finds the files of a place. @throws SourceError if there is no such place, or no such file; ObjectError */
export async function findRecording(place: RecordingPlace, filter: RecordingFilter = {}): Promise<Recording> {
  const found = await place.files();
  if (found === undefined) {
    throw new SourceError({
      what: `${place.address} is no folder`,
      hint: 'Name the folder of a recording, above those of its rooms; `datacycle replay <folder> --generate` writes an invented building.',
    });
  }
  const rooms = filter.rooms?.map((room) => room.toLowerCase());
  const sensors = filter.sensors?.map((sensor) => sensorOf(sensor));
  // Files of one time are replayed in the order of their names, wherever they are.
  const all = [...found].sort((a, b) => (a.path < b.path ? -1 : 1));
  const files = all.flatMap((file) => {
    const [room, sensor] = [basename(dirname(file.path)), sensorOf(basename(file.path))];
    if (rooms?.includes(room.toLowerCase()) === false || sensors?.includes(sensor) === false) return [];
    return [{ ...file, room, sensor }];
  });
  if (files.length === 0) {
    throw new SourceError({
      what: `${place.address} has no file <room>/<sensor>.csv${all.length > 0 ? ' of these rooms and sensors' : ''}`,
      hint:
        all.length > 0
          ? `It has e.g. ${all
              .slice(0, 3)
              .map(({ path }) => path)
              .join(', ')}.`
          : 'Name the folder above those of the rooms.',
    });
  }
  const id = createHash('sha256');
  for (const { path, bytes } of files) id.update(`${path}\t${bytes}\n`);
  return { place, files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), id: id.digest('hex').slice(0, 16) };
}
