import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { manifestOf, manifestPathOf } from '../../../loaders/registry/manifest.ts';
import { registryTables } from '../../../loaders/registry/mysql/tables.ts';
import { bronzePathOf, stampOf } from '../../../loaders/registry/stamp.ts';

/** A row of the registry, as the sample spells its columns. */
export type RegistryRow = Readonly<Record<string, string | number | null>>;

/** When the sample's snapshot was taken. */
const sampleTime = new Date('2023-10-11T22:00:00Z');

/**
 * Writes another snapshot of the sample's registry into Bronze, as pidb would give it later.
 * @param change what has become of a row meanwhile; undefined: it is gone.
 * @param from where the sample is; in Bronze, if an erasure has not taken part of it.
 */
export function writeChangedRegistry(
  bronze: string,
  time: Date,
  change: (row: RegistryRow, table: string) => RegistryRow | undefined,
  from = bronze,
): void {
  for (const table of registryTables) {
    const sample = readFileSync(join(from, ...bronzePathOf(stampOf(sampleTime), table).split('/')), 'utf8');
    const rows = (JSON.parse(sample) as RegistryRow[])
      .map((row) => change(row, table))
      .filter((row) => row !== undefined);
    const path = join(bronze, ...bronzePathOf(stampOf(time), table).split('/'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  }
  const files = registryTables.map((name) => ({ name: `${name}.json` }));
  writeFileSync(join(bronze, ...manifestPathOf(stampOf(time)).split('/')), manifestOf(time, files));
}
