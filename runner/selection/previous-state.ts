import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../text/errors.ts';
import type { ManifestFile } from './manifest-file.ts';

/** What an earlier run left in a folder; undefined where it left none. */
export interface PreviousState {
  readonly folder: string;
  readonly manifest: ManifestFile | undefined;
  readonly results: readonly Result[] | undefined;
  /** The command of the results and its flags, as they were written. */
  readonly args: unknown;
  readonly sources: readonly SourceResult[] | undefined;
}

export interface Result {
  readonly unique_id: string;
  readonly status: string;
}

export interface SourceResult {
  readonly unique_id: string;
  readonly max_loaded_at?: string | null | undefined;
}

const node = z.looseObject({
  unique_id: z.string(),
  resource_type: z.string(),
  name: z.string(),
  package_name: z.string(),
  original_file_path: z.string(),
  fqn: z.array(z.string()),
});
const macro = z.looseObject({
  unique_id: z.string(),
  name: z.string(),
  macro_sql: z.string(),
  depends_on: z.looseObject({ macros: z.array(z.string()) }),
});
const manifestSchema = z.looseObject({
  metadata: z.looseObject({}),
  nodes: z.record(z.string(), node),
  sources: z.record(z.string(), node),
  exposures: z.record(z.string(), node),
  unit_tests: z.record(z.string(), node).optional(),
  macros: z.record(z.string(), macro),
});
const results = z.looseObject({
  args: z.unknown().optional(),
  results: z.array(z.looseObject({ unique_id: z.string(), status: z.string() })),
});
const sourceResults = z.looseObject({
  results: z.array(z.looseObject({ unique_id: z.string(), max_loaded_at: z.string().nullable().optional() })),
});

/**
 * Reads manifest.json, run_results.json and sources.json of a folder, as far as they are there.
 * @throws UsageError if the folder is not there, or a file of it is not what its name says.
 */
export function readState(folder: string): PreviousState {
  if (!existsSync(folder))
    throw new UsageError({
      what: `there is no folder ${folder}`,
      hint: '--state names a folder with the manifest.json of an earlier run, e.g. a copy of target/.',
    });
  const run = read(folder, 'run_results.json', results);
  return {
    folder,
    manifest: read(folder, 'manifest.json', manifestSchema) as ManifestFile | undefined,
    results: run?.results,
    args: run?.args,
    sources: read(folder, 'sources.json', sourceResults)?.results,
  };
}

function read<T>(folder: string, name: string, schema: z.ZodType<T>): T | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  const checked = schema.safeParse(parsed(readFileSync(path, 'utf8')));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new UsageError({
    what: `${path} cannot be read as what it should be: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? ''}`,
    hint: 'It is written by a run; take it from there again.',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
