import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import glob from 'fast-glob';
import { SourceError } from '../landing/errors.ts';

/** A file of readings of one sensor, `<room>/<sensor>.csv`. */
export interface SensorFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  readonly place: string;
  readonly room: string;
  /** As messages have it: co2, pir, luminosity, temperature, humidity; any other name in lower case. */
  readonly sensor: string;
  readonly bytes: number;
}

/** Files that are replayed together. */
export interface Recording {
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

/** Finds the files of a folder. @throws SourceError if it is none, or has no such file. */
export async function findRecording(folder: string, filter: RecordingFilter = {}): Promise<Recording> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new SourceError({
      what: `${folder} is no folder`,
      hint: 'Name the folder of a recording, above those of its rooms; `datacycle replay <folder> --generate` writes an invented building.',
    });
  }
  const rooms = filter.rooms?.map((room) => room.toLowerCase());
  const sensors = filter.sensors?.map((sensor) => sensorOf(sensor));
  const paths = (await glob('*/*.csv', { cwd: folder, caseSensitiveMatch: false })).sort();
  const files: SensorFile[] = [];
  for (const path of paths) {
    const [room, sensor] = [basename(dirname(path)), sensorOf(basename(path))];
    if (rooms?.includes(room.toLowerCase()) === false || sensors?.includes(sensor) === false) continue;
    const place = join(folder, ...path.split('/'));
    files.push({ path, place, room, sensor, bytes: (await stat(place)).size });
  }
  if (files.length === 0) {
    throw new SourceError({
      what: `${folder} has no file <room>/<sensor>.csv${paths.length > 0 ? ' of these rooms and sensors' : ''}`,
      hint:
        paths.length > 0 ? `It has e.g. ${paths.slice(0, 3).join(', ')}.` : 'Name the folder above those of the rooms.',
    });
  }
  const id = createHash('sha256');
  for (const { path, bytes } of files) id.update(`${path}\t${bytes}\n`);
  return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), id: id.digest('hex').slice(0, 16) };
}
