import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** How many files of a folder are kept, those of other targets and variables among them. */
const most = 16;

/** What a file of the cache holds: for what it is valid, and a text. */
export interface KeptFile {
  readonly head: unknown;
  readonly body: string;
}

/** Reads a file of the cache; undefined where there is none, or none that is whole. */
export function readKept(path: string): KeptFile | undefined {
  try {
    const bytes = readFileSync(path);
    const [sum, head, body] = [bytes.indexOf(0x0a), bytes.indexOf(0x0a, 65), bytes.length];
    if (sum !== 64 || head === -1) return undefined;
    const rest = bytes.subarray(sum + 1);
    if (bytes.toString('latin1', 0, sum) !== sumOf(rest)) return undefined;
    return { head: JSON.parse(bytes.toString('utf8', sum + 1, head)), body: bytes.toString('utf8', head + 1, body) };
  } catch {
    return undefined;
  }
}

/**
 * Writes a file of the cache whole or not at all, so that two processes may do it at once. The cache is a help: where it cannot be
 * written, in a folder that is read only or on a full disk, nothing is said.
 */
export function writeKept(path: string, { head, body }: KeptFile): void {
  const fresh = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const rest = Buffer.from(`${JSON.stringify(head)}\n${body}`);
    // What templates make of the environment is for its user alone.
    writeFileSync(fresh, Buffer.concat([Buffer.from(`${sumOf(rest)}\n`), rest]), { mode: 0o600 });
    renameSync(fresh, path);
    removeOldest(dirname(path));
  } catch {
    remove(fresh);
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It will be among the oldest one day.
  }
}

function removeOldest(folder: string): void {
  const files = readdirSync(folder).map((name) => join(folder, name));
  if (files.length <= most) return;
  const ages = files.map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  for (const { path } of ages
    .sort((a, b) => b.at - a.at || basename(a.path).localeCompare(basename(b.path)))
    .slice(most))
    rmSync(path, { force: true });
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
