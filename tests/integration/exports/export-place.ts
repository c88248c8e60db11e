import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { exportOne } from '../../../cli/exports/exporter.ts';
import type { ExportOutcome } from '../../../exporting/export.ts';
import { type ExportManifest, readManifest } from '../../../exporting/manifest.ts';
import type { Compiled } from '../../../runner/compile/compile.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** Does an export of a project as the command does. @param now what the clock says. */
export function exporting(
  project: { compile(env?: Record<string, string>): Compiled },
  warehouse: Warehouse,
  name: string,
  options: {
    readonly env?: Record<string, string>;
    readonly full?: boolean;
    readonly signal?: AbortSignal;
    readonly now?: string;
    readonly onNotice?: (text: string) => void;
  } = {},
): Promise<ExportOutcome> {
  const compiled = project.compile(options.env);
  const spec = compiled.exports.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`there is no export ${name}`);
  return exportOne(warehouse, compiled, spec, {
    clock: () => new Date(options.now ?? '2023-11-01T06:00:00Z'),
    signal: options.signal ?? new AbortController().signal,
    full: options.full ?? false,
    onNotice: options.onNotice ?? (() => undefined),
  });
}

/** The files below a folder with their bytes; paths with slashes. */
export function filesBelow(folder: string): ReadonlyMap<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => [path.split(sep).join('/'), readFileSync(join(folder, path))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The manifest among these files. @throws Error if there is none, or if it is not about just these files. */
export function checkedManifest(files: ReadonlyMap<string, Buffer>): ExportManifest {
  const manifest = readManifest(String(files.get('manifest.json') ?? ''));
  if (manifest === undefined) throw new Error('there is no manifest');
  const paths = manifest.files.map(({ path }) => path);
  const others = [...files.keys()].filter((path) => path !== 'manifest.json' && !paths.includes(path));
  if (others.length > 0) throw new Error(`not in the manifest: ${others.join(', ')}`);
  for (const { path, bytes, sha256 } of manifest.files) {
    const found = files.get(path);
    if (found === undefined) throw new Error(`${path} is not there`);
    if (found.length !== bytes || createHash('sha256').update(found).digest('hex') !== sha256)
      throw new Error(`${path} is not as the manifest says`);
  }
  return manifest;
}
