// Rows as files for others: what `exports` of project.yml describes.
//
//   1. query.ts      the columns of the query, and its rows as text, each format in its own way
//   2. partitions.ts which parts there are, which of them have changed since the last export, and their paths
//   3. format.ts     csv, JSON lines, Parquet: rows in, bytes out
//   4. part-files.ts the changed parts as files on this machine, with their rows, bytes and SHA-256
//   5. destination.ts, folder.ts, sftp.ts, s3.ts  where files go: staged under other names, published all together
//   6. manifest.ts   what a whole export consists of; it is written last
//   7. export.ts     all of it, in this order
//
// Rows are of one snapshot. A kill leaves the old files, or new ones that the next export writes once more; never a part of a file.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { atOnce } from '../loaders/landing/in-order.ts';
import type { Export } from '../runner/manifest/exposure-node.ts';
import { didYouMean } from '../runner/text/suggest.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { Destination } from './destination.ts';
import {
  type ColumnNotes,
  type ExportManifest,
  type ManifestFile,
  manifestName,
  manifestText,
  readManifest,
} from './manifest.ts';
import { writeParts } from './part-files.ts';
import { changedParts, type Part, partsOf, samePlace } from './partitions.ts';
import { describe, type ExportedColumn } from './query.ts';

/** An export cannot be done as it is written. */
export class ExportError extends DatacycleError {}

export interface ExportOptions {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** A folder of its own for the files until they are at their destination. */
  readonly workFolder: string;
  /** Whether all parts are written, and not just those that have changed. */
  readonly full: boolean;
  /** What is known of the columns by name, for the manifest. */
  readonly notes: ReadonlyMap<string, ColumnNotes>;
}

/** What an export has done. */
export interface ExportOutcome {
  readonly written: number;
  readonly unchanged: number;
  readonly removed: number;
  /** All files that the export consists of now, and the rows and bytes in them. */
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Brings the files of an export at its destination up to date.
 * @throws ExportError, StatementError, and what the destination throws; the files there are then as they were, or whole new ones.
 */
export async function runExport(
  warehouse: Warehouse,
  spec: Export,
  destination: Destination,
  options: ExportOptions,
): Promise<ExportOutcome> {
  await destination.clean();
  const previous = await previousManifest(spec, destination);
  const there = options.full ? [] : await standing(previous?.files ?? [], destination);
  const { columns, kept, files } = await warehouse.transaction(async (session) => {
    const all = await describe(session, spec.sql);
    const columns = all.filter(({ name }) => spec.isInFiles || !spec.partitionBy.includes(name));
    checkColumns(spec, all, columns);
    const definition = definitionOf(spec, columns);
    const parts = await partsOf(session, spec);
    checkPaths(spec, parts);
    const known = previous?.definition === definition ? there : [];
    const { changed, kept } = changedParts(parts, known);
    const written = await writeParts(session, spec, columns, changed, options);
    return { columns: { list: columns, definition }, kept, files: written };
  }, 'repeatable read');
  const all = [...kept, ...files];
  const were = [...(previous?.files ?? []).map(({ path }) => path), ...(previous?.removing ?? [])];
  const gone = [...new Set(were)].filter((path) => !all.some((one) => one.path === path));
  const manifest = manifestOf(spec, columns.list, columns.definition, all, options);
  for (const { path } of files) await destination.stage(join(options.workFolder, path), path);
  options.signal.throwIfAborted();
  if (files.length > 0 || gone.length > 0 || previous?.definition !== manifest.definition) {
    await destination.publish();
    // Whoever is killed between these lines leaves a list of what the next export has to delete.
    await destination.write(manifestName, manifestText(gone.length > 0 ? { ...manifest, removing: gone } : manifest));
    for (const path of gone) await destination.remove(path);
    if (gone.length > 0) await destination.write(manifestName, manifestText(manifest));
  }
  await destination.clean();
  const { rows, bytes } = manifest;
  const counts = { written: files.length, unchanged: kept.length, removed: gone.length };
  return { ...counts, files: manifest.files.length, rows, bytes };
}

async function previousManifest(spec: Export, destination: Destination): Promise<ExportManifest | undefined> {
  const text = await destination.read(manifestName);
  if (text === undefined) return undefined;
  const found = readManifest(text);
  if (found?.export === spec.name) return found;
  throw new ExportError({
    what: `${destination.address} has a ${manifestName} ${found === undefined ? 'that no export has written' : `of the export ${found.export}`}`,
    hint: 'Give each export a place of its own, or delete that file.',
  });
}

/** Places asked about files at once. */
const filesAtOnce = 8;

/** The files that are still there: what somebody has taken away, or cut, is written again. */
async function standing(files: readonly ManifestFile[], destination: Destination): Promise<readonly ManifestFile[]> {
  const found: ManifestFile[] = [];
  await atOnce(files, filesAtOnce, async (file) => {
    if (await destination.has(file.path, file.bytes)) found.push(file);
  });
  return found;
}

function checkColumns(spec: Export, all: readonly ExportedColumn[], columns: readonly ExportedColumn[]): void {
  const names = all.map(({ name }) => name);
  const wanted = [...spec.partitionBy, ...(spec.changedBy === undefined ? [] : [spec.changedBy])];
  const missing = wanted.find((name) => !names.includes(name));
  const { file, line } = spec.place;
  if (missing !== undefined)
    throw new ExportError({
      what: `the export ${spec.name} has no column "${missing}"`,
      where: `${file}:${line}`,
      hint: didYouMean(missing, names) ?? `It has ${names.join(', ')}.`,
    });
  if (columns.length === 0)
    throw new ExportError({
      what: `all columns of the export ${spec.name} are in the paths: no column is left for the files`,
      where: `${file}:${line}`,
      hint: 'Set partition_columns: both, or take one out of partition_by.',
    });
}

/** In a bucket keys that differ in letter case are two; of a folder, here or on a server, nobody knows who will read it. */
function checkPaths({ name, destination, place: { file, line } }: Export, parts: readonly Part[]): void {
  const same = destination.kind === 's3' ? undefined : samePlace(parts);
  if (same === undefined) return;
  const [one, other] = same.map(({ path }) => path);
  throw new ExportError({
    what: `the export ${name} would write two parts into one file where letter case does not count, as on Windows: ${one} and ${other}`,
    where: `${file}:${line}`,
    hint: 'Write these values alike in the query, e.g. lower(room) as room, or export into a bucket.',
  });
}

/** Changes when files that are there would be written otherwise now. */
function definitionOf({ sql, format, partitionBy, isInFiles, changedBy }: Export, columns: readonly ExportedColumn[]) {
  const types = columns.map(({ name, type }) => [name, type]);
  const parts = [1, sql.text, format, partitionBy, isInFiles, changedBy ?? null, types];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function manifestOf(
  spec: Export,
  columns: readonly ExportedColumn[],
  definition: string,
  files: readonly ManifestFile[],
  { clock, notes }: ExportOptions,
): ExportManifest {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    export: spec.name,
    description: spec.description,
    format: spec.format,
    definition,
    exported_at: clock().toISOString(),
    partition_by: [...spec.partitionBy],
    columns: columns.map(({ name, type }) => ({ name, type, ...notes.get(name) })),
    rows: files.reduce((sum, { rows }) => sum + rows, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files: sorted,
  };
}
