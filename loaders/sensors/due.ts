import { join } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { atOnce } from '../landing/in-order.ts';
import { stampOf } from '../landing/source-file.ts';
import { type Candidate, CandidateList } from './candidate.ts';
import { type KnownFiles, knownFiles, type RejectedFile, verdictsOn } from './ledger.ts';
import { isNameReason, type SensorNames } from './name.ts';
import type { Reach } from './share-access.ts';

/** Asked at once of a share that may be slow. */
const stampsAtOnce = 16;

/** Candidates that are objects at a time. */
const filesAtOnce = 1000;

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
export async function dueFiles(on: Queryable, source: DueSource, chunk: Iterable<Candidate>): Promise<CandidateList> {
  const verdicts = await verdictsOn(on, chunk);
  const rejected = placed(chunk, verdicts, (verdict) => verdict === 'r');
  // Of a share mostly none, which is no reason to read all names of the chunk once more.
  const known = await knownFiles(on, verdicts.includes('r') ? rejected : []);
  const due = new CandidateList();
  let open: Candidate[] = [];
  for (const candidate of placed(chunk, verdicts, (verdict) => verdict !== 'l')) {
    open.push(candidate);
    if (open.length < filesAtOnce) continue;
    due.add(await dueOf(known, source, open));
    open = [];
  }
  due.add(await dueOf(known, source, open));
  return due;
}

/** The candidates of which the letter in their place is wanted. */
function* placed(
  chunk: Iterable<Candidate>,
  letters: string,
  isWanted: (letter: string | undefined) => boolean,
): Generator<Candidate, void> {
  let place = 0;
  for (const candidate of chunk) {
    if (isWanted(letters[place])) yield candidate;
    place += 1;
  }
}

/** As {@link dueFiles}, for files that the ledger was asked about; in their order. */
export async function dueOf(
  known: KnownFiles,
  { share, reach, names }: DueSource,
  chunk: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const due: (Candidate | undefined)[] = [];
  const rejected: { readonly index: number; readonly before: RejectedFile }[] = [];
  for (const [index, { name, path }] of chunk.entries()) {
    const before = known.get(name);
    if (before === undefined) due[index] = { name, path };
    else if (before !== 'landed') rejected.push({ index, before });
  }
  await atOnce(rejected, stampsAtOnce, async ({ index, before }) => {
    const { name, path } = chunk[index] as Candidate;
    const isReadable = isNameReason(before.reason) && names.read(name).known;
    if (isReadable || (await reach(() => hasChanged(share, path, before)))) due[index] = { name, path, before };
  });
  return due.filter((candidate) => candidate !== undefined);
}

/** Whether a rejected file is no longer what was judged. Of a file and its compressed twin the one that was judged counts. */
async function hasChanged(share: string, path: string, { bronzePath, stamp }: RejectedFile): Promise<boolean> {
  if (stamp === null) return true;
  const judged = bronzePath?.slice(bronzePath.lastIndexOf('/') + 1) ?? path;
  return (await stampOf(join(share, judged))) !== stamp;
}
