import { utimesSync, writeFileSync } from 'node:fs';

/** Writes a file as one that was written an hour ago: `load` leaves alone what may still be being written. */
export function writeSettled(path: string, content: string | Uint8Array): void {
  writeFileSync(path, content);
  const time = new Date(Date.now() - 3_600_000);
  utimesSync(path, time, time);
}
