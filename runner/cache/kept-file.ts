import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeWhole } from './whole-file.ts';

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
  try {
    const rest = Buffer.from(`${JSON.stringify(head)}\n${body}`);
    writeWhole(path, Buffer.concat([Buffer.from(`${sumOf(rest)}\n`), rest]));
    removeOldest(dirname(path));
  } catch {
    // The next command compiles again.
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
