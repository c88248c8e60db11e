import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest } from '../manifest/digest.ts';
import type { Node, SeedNode } from '../manifest/manifest.ts';

/** By this name a seed has its file among what it has consumed; no node can be named so. */
export const seedFile = '(file)';

/**
 * What says whether a seed would load the same rows as before, by id: its file, its settings, its columns and those settings of the
 * session by which texts are read as values.
 */
export function seedVersions(
  root: string,
  nodes: readonly Node[],
  session: readonly unknown[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const node of nodes) {
    if (node.kind !== 'seed') continue;
    const version = versionOf(root, node, session);
    if (version !== undefined) found.set(node.id, version);
  }
  return found;
}

function versionOf(root: string, { file, config, columns }: SeedNode, session: readonly unknown[]): string | undefined {
  try {
    const contents = createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex');
    return digest([contents, config, columns.map(({ name, dataType }) => [name, dataType]), session]);
  } catch {
    // Its build says what is wrong with the file.
    return undefined;
  }
}
