// Exports with what the command line and the watcher share:
//
//   1. exporter.ts     one export: lock, work folder, destination, the record for `status`
//   2. destination.ts  where the files go, by the settings of the environment
//   3. scheduled.ts    which exports are due, for the watcher
//   4. notes.ts        what the manifest says of columns: descriptions, and labels in the languages of the reports
//
// What an export is stands in exporting/; here nothing of a file is known.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ExportError, type ExportOutcome, runExport } from '../../exporting/export.ts';
import { systemCode, systemReason } from '../../loaders/landing/errors.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { addressOf } from '../../runner/compile/exports.ts';
import { explain } from '../../runner/database/statement.ts';
import type { Export } from '../../runner/manifest/exposure-node.ts';
import { sourceTexts } from '../../runner/project/project.ts';
import { recordExport, recordExportFailure } from '../../runner/state/exports.ts';
import { ensureState } from '../../runner/state/schema.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { projectRedactor } from '../terminal/journal.ts';
import { openDestination } from './destination.ts';
import { columnNotes } from './notes.ts';

export interface ExporterOptions {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** Whether all files are written, and not just those whose rows have changed. */
  readonly full: boolean;
  readonly onNotice: (text: string) => void;
}

/**
 * Does one export and records what becomes of it.
 * @throws DatacycleError: another process exports it now, its query fails, or its place cannot be written.
 */
export async function exportOne(
  warehouse: Warehouse,
  compiled: Compiled,
  spec: Export,
  options: ExporterOptions,
): Promise<ExportOutcome> {
  const { clock, signal } = options;
  await ensureState(warehouse);
  const held = await warehouse.exclusive(`export ${spec.name}`, async (lost) => {
    try {
      const outcome = await exportInto(warehouse, compiled, spec, {
        ...options,
        signal: AbortSignal.any([signal, lost]),
      });
      const { files, rows } = outcome;
      await recordExport(warehouse, spec.name, clock(), { destination: addressOf(spec.destination), files, rows });
      return outcome;
    } catch (error) {
      if (!signal.aborted) await recordFailure(warehouse, compiled, spec, clock(), error);
      throw error;
    }
  });
  if (held.held) return held.value;
  throw new DatacycleError({
    what: `the export ${spec.name} is being done by another process: ${held.holder}`,
    hint: 'Wait for it, or end it.',
  });
}

async function exportInto(
  warehouse: Warehouse,
  compiled: Compiled,
  spec: Export,
  { clock, signal, full, onNotice }: ExporterOptions,
): Promise<ExportOutcome> {
  const { project } = compiled;
  const workFolder = join(project.root, '.datacycle', 'exports', project.target.name, spec.name);
  // What a killed export has left; this one holds the lock.
  await rm(workFolder, { recursive: true, force: true });
  const destination = await openDestination(project, spec, signal, onNotice);
  try {
    await mkdir(workFolder, { recursive: true, mode: 0o700 });
    const notes = columnNotes(compiled, spec);
    return await runExport(warehouse, spec, destination, { clock, signal, workFolder, full, notes });
  } catch (error) {
    const file = `${spec.place.file}:${spec.place.line}`;
    const code = systemCode(error);
    // Those of Node.js itself (ERR_..., ABORT_ERR) are none of the system's.
    if (/^E[A-Z0-9]+$/.test(code))
      throw new ExportError({
        what: `${spec.name}: its files cannot be written to ${destination.address}: ${systemReason(code)}`,
        where: file,
        detail: error instanceof Error ? error.message : undefined,
        hint: `Check this folder and ${workFolder}, where files are first: permissions, and space on the disk.`,
        cause: error,
      });
    throw explain(error, {
      name: spec.name,
      file,
      sourceText: sourceTexts(project),
      hint: ({ code }) => (code === '42P01' ? 'Build what it reads first: datacycle build' : undefined),
    });
  } finally {
    await destination.close();
    await rm(workFolder, { recursive: true, force: true });
  }
}

/** The record is not to hide the failure: where the database is gone, there is none. */
async function recordFailure(
  warehouse: Warehouse,
  { project }: Compiled,
  { name }: Export,
  at: Date,
  error: unknown,
): Promise<void> {
  const message = projectRedactor(project)(error instanceof Error ? error.message : String(error));
  await recordExportFailure(warehouse, name, at, message).catch(() => undefined);
}
