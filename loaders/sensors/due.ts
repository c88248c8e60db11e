import { join } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { atOnce } from '../landing/in-order.ts';
import { stampOf } from '../landing/source-file.ts';
import type { Candidate } from './candidate.ts';
import { type KnownFiles, notLanded, type RejectedFile } from './ledger.ts';
import { isNameReason, type SensorNames } from './name.ts';
import type { Reach } from './share-access.ts';

/** Asked at once of a share that may be slow. */
const stampsAtOnce = 16;

/** Where files are judged again, and by which names. */
interface DueSource {
  readonly share: string;
  readonly reach: Reach;
  readonly names: SensorNames;
}

/**
 * Of the files of a share those that have to be judged: the ones the ledger does not know, and those it knows as rejected that
 * have changed since (half a file may have become a whole one), or whose name has a meaning now. In their order.
 */
export async function dueFiles(
  on: Queryable,
  source: DueSource,
  chunk: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const open = await notLanded(on, chunk);
  const rejected = new Map([...open].flatMap(([name, how]) => (how === 'new' ? [] : [[name, how] as const])));
  return dueOf(
    rejected,
    source,
    chunk.filter(({ name }) => open.has(name)),
  );
}

/** As {@link dueFiles}, for files that the ledger was asked about; in their order. */
export async function dueOf(
  known: KnownFiles,
  { share, reach, names }: DueSource,
  chunk: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const due = new Map<Candidate, Candidate>();
  const rejected: { readonly candidate: Candidate; readonly before: RejectedFile }[] = [];
  for (const candidate of chunk) {
    const before = known.get(candidate.name);
    if (before === undefined) due.set(candidate, { name: candidate.name, path: candidate.path });
    else if (before !== 'landed') rejected.push({ candidate, before });
  }
  await atOnce(rejected, stampsAtOnce, async ({ candidate, before }) => {
    const { name, path } = candidate;
    const isReadable = isNameReason(before.reason) && names.read(name).known;
    if (isReadable || (await reach(() => hasChanged(share, path, before)))) due.set(candidate, { name, path, before });
  });
  return chunk.flatMap((candidate) => due.get(candidate) ?? []);
}

/** Whether a rejected file is no longer what was judged. Of a file and its compressed twin the one that was judged counts. */
async function hasChanged(share: string, path: string, { bronzePath, stamp }: RejectedFile): Promise<boolean> {
  if (stamp === null) return true;
  const judged = bronzePath?.slice(bronzePath.lastIndexOf('/') + 1) ?? path;
  return (await stampOf(join(share, judged))) !== stamp;
}
