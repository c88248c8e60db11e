import { type RegistryTable, registryTable } from './mysql/tables.ts';

/** The name of this source in staging.load and staging.file, and its folder in Bronze. */
export const registry = 'registry';

/** A snapshot is named after its second, UTC: `20231101T080000Z`. */
export function stampOf(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** The time of a stamp; undefined if the text is none. */
export function timeOfStamp(stamp: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  if (year === undefined) return undefined;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) || stampOf(time) !== stamp ? undefined : time;
}

/** How the ledger knows one table of a snapshot: `20231101T080000Z/buildings.json`. */
export function ledgerNameOf(stamp: string, table: RegistryTable): string {
  return `${stamp}/${table}.json`;
}

/** Where one table of a snapshot goes in Bronze: `registry/2023/11/01/20231101T080000Z/buildings.json`. */
export function bronzePathOf(stamp: string, table: RegistryTable): string {
  return `${bronzeFolderOf(stamp)}/${table}.json`;
}

/** The folder of a snapshot in Bronze: `registry/2023/11/01/20231101T080000Z`. */
export function bronzeFolderOf(stamp: string): string {
  return [registry, stamp.slice(0, 4), stamp.slice(4, 6), stamp.slice(6, 8), stamp].join('/');
}

/** What a path in Bronze says, or why it says nothing. */
export type BronzeName =
  | { readonly known: true; readonly stamp: string; readonly time: Date; readonly table: RegistryTable }
  | { readonly known: false; readonly reason: string };

/** Reads a path as {@link bronzePathOf} makes it, maybe ending in `.gz`. */
export function readBronzePath(path: string): BronzeName {
  const [file = '', stamp = ''] = path.split('/').reverse();
  const time = timeOfStamp(stamp);
  if (time === undefined) return { known: false, reason: 'its folder is not named after the time of a snapshot' };
  const table = registryTable(file.replace(/\.json(?:\.gz)?$/i, ''));
  if (table === undefined) return { known: false, reason: 'it is none of the tables that are read' };
  return { known: true, stamp, time, table };
}
