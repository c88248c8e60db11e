import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Export } from '../runner/manifest/exposure-node.ts';
import type { Row, Session } from '../warehouse/warehouse.ts';
import { type Encoder, encoderOf } from './format.ts';
import type { ManifestFile } from './manifest.ts';
import type { Part } from './partitions.ts';
import { type ExportedColumn, forget, keyColumn, rowQuery } from './query.ts';

/** Rows that are in memory at once. */
const fetched = 2000;

/** Above so many parts it is cheaper to read all of them than to name those that are wanted. */
const mostNamed = 500;

/** Writes the files of parts into the work folder, in one pass over their rows. @throws StatementError, the system's errors */
export async function writeParts(
  session: Session,
  spec: Export,
  columns: readonly ExportedColumn[],
  parts: readonly Part[],
  { workFolder, signal }: { readonly workFolder: string; readonly signal: AbortSignal },
): Promise<readonly ManifestFile[]> {
  const wanted = new Map(parts.map((part) => [part.key, part]));
  const files: ManifestFile[] = [];
  let current: PartFile | undefined;
  const begin = async (part: Part) => {
    current = await PartFile.open(part, encoderOf(spec.format, columns), workFolder);
    return current;
  };
  try {
    if (wanted.size > 0) {
      const named = spec.partitionBy.length === 0 || wanted.size > mostNamed ? undefined : [...wanted.keys()];
      await session.query(`declare datacycle_rows no scroll cursor for ${rowQuery(spec, columns, named)}`);
      for (;;) {
        signal.throwIfAborted();
        const { rows } = await session.query(`fetch ${fetched} from datacycle_rows`, [], 'text');
        for (const [key, own] of byPart(rows)) {
          const part = wanted.get(key);
          if (part === undefined) continue;
          if (current?.part.key !== key) {
            if (current !== undefined) files.push(await current.end());
            await begin(part);
          }
          await current?.add(own);
        }
        if (rows.length < fetched) break;
      }
      await session.query('close datacycle_rows');
      const [only] = parts;
      // No rows at all are a file, too.
      if (current === undefined && only !== undefined) await begin(only);
      if (current !== undefined) files.push(await (current as PartFile).end());
    }
    await forget(session);
    return files;
  } finally {
    await current?.close();
  }
}

/** Rows that follow each other and belong to one part. */
function byPart(rows: readonly Row[]): readonly (readonly [key: string, rows: readonly Row[]])[] {
  const found: [string, Row[]][] = [];
  for (const row of rows) {
    const key = String(row[keyColumn]);
    const last = found.at(-1);
    if (last?.[0] === key) last[1].push(row);
    else found.push([key, [row]]);
  }
  return found;
}

/** A file of the work folder while it is written. */
class PartFile {
  readonly part: Part;
  readonly #encoder: Encoder;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;
  #isOpen = true;

  private constructor(part: Part, encoder: Encoder, handle: FileHandle) {
    this.part = part;
    this.#encoder = encoder;
    this.#handle = handle;
  }

  static async open(part: Part, encoder: Encoder, workFolder: string): Promise<PartFile> {
    const path = join(workFolder, part.path);
    await mkdir(dirname(path), { recursive: true });
    return new PartFile(part, encoder, await open(path, 'w', 0o600));
  }

  async add(rows: readonly Row[]): Promise<void> {
    this.#rows += rows.length;
    await this.#write(this.#encoder.add(rows));
  }

  async end(): Promise<ManifestFile> {
    await this.#write(this.#encoder.end());
    await this.close();
    const { path, values, mark } = this.part;
    const counts = { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    return { path, ...counts, partition: { ...values }, mark };
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#handle.close();
    this.#isOpen = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#handle.writeFile(bytes);
  }
}
