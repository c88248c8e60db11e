import * as z from 'zod';

/** The file beside those of an export that says what it consists of. */
export const manifestName = 'manifest.json';

/** What people know of a column: its description, and what it is called in each language. */
export interface ColumnNotes {
  readonly description?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

const file = z.object({
  /** Relative to the manifest, with slashes. */
  path: z.string(),
  rows: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  /** The values of the columns of partition_by, as text; null is NULL. */
  partition: z.record(z.string(), z.string().nullable()),
  /** Changes with the rows of the file. */
  mark: z.string(),
});

const manifest = z.object({
  export: z.string(),
  description: z.string(),
  format: z.enum(['csv', 'jsonl', 'parquet']),
  definition: z.string(),
  exported_at: z.string(),
  partition_by: z.array(z.string()),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      description: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  ),
  rows: z.number(),
  bytes: z.number(),
  files: z.array(file),
  /** Paths of files that belong to it no more and are being deleted. */
  removing: z.array(z.string()).optional(),
});

export type ManifestFile = z.infer<typeof file>;
export type ExportManifest = z.infer<typeof manifest>;

/** The manifest in a text; undefined if the text is none. */
export function readManifest(text: string): ExportManifest | undefined {
  try {
    return manifest.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The manifest as the file has it. */
export function manifestText(written: ExportManifest): string {
  return `${JSON.stringify(written, null, 2)}\n`;
}
