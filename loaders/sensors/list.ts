import type { Dir } from 'node:fs';
import { opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import { isLeftover } from '../landing/bronze.ts';
import { assertFolder } from '../landing/folder.ts';
import { type Candidate, CandidateList, candidateAt } from './candidate.ts';
import type { Reach } from './share-access.ts';

/** Names looked up in the ledger at once while a folder is listed: each time PostgreSQL reads all of the ledger. */
const chunkSize = 50_000;

/** After so many files listed is progress shown. */
const filesPerReport = 10_000;

export interface Listing {
  /** Keeps of a chunk what has to be landed. */
  readonly select: (chunk: CandidateList) => Promise<Iterable<Candidate>>;
  /** Called again and again with the number of files listed so far. */
  readonly onSeen: (files: number) => void;
  /** Throws to stop. */
  readonly checkpoint: () => void;
}

/** Lists `.json` and `.json.gz` of one flat folder; what `select` keeps is all that stays in memory. */
export async function listShare(share: string, reach: Reach, listing: Listing): Promise<CandidateList> {
  await reach(() => assertFolder(share, 'SMB_PATH'));
  return collect(namesIn(share, reach), listing);
}

/** Entries read at once: so many names are in memory, and a share over a network is asked so seldom. */
const entriesAtOnce = 4096;

/**
 * The names of one folder that may be sensor files, whatever they are: a folder of such a name has to be noticed, and asking would cost
 * a call for each file. Of a quarter of a million it takes a third of the time and of the memory of a pattern.
 */
async function* namesIn(folder: string, reach: Reach): AsyncGenerator<string> {
  const entries = await reach(async (call) => {
    const opened = await opendir(folder, { bufferSize: entriesAtOnce });
    if (call.isLate) await opened.close();
    return opened;
  });
  try {
    for (let names = ['']; names.length > 0; ) {
      names = await reach(() => readNames(entries));
      for (const name of names) if (/^[^.].*\.json(?:\.gz)?$/is.test(name)) yield name;
    }
  } finally {
    // Not waited for: it comes after a reading that hangs.
    entries.close().catch(() => undefined);
  }
}

/** The next names of a folder; none at its end. */
async function readNames(entries: Dir): Promise<string[]> {
  const names: string[] = [];
  for (let entry = await entries.read(); entry !== null; entry = await entries.read()) {
    names.push(entry.name);
    if (names.length === entriesAtOnce) break;
  }
  return names;
}

/** Lists the sensor files in Bronze and removes what killed loads left there. */
export async function listBronze(root: string, folders: readonly string[], listing: Listing): Promise<CandidateList> {
  await assertFolder(root, 'BRONZE_ROOT');
  const patterns = folders.map((folder) => `${glob.escapePath(folder)}/**/*.{json,json.gz,part}`);
  const entries = glob.stream(patterns, {
    cwd: root,
    caseSensitiveMatch: false,
    followSymbolicLinks: false,
    dot: true,
  });
  return collect(withoutLeftovers(root, entries), listing);
}

async function* withoutLeftovers(root: string, entries: AsyncIterable<string | Buffer>): AsyncGenerator<string> {
  for await (const entry of entries) {
    const path = String(entry);
    const fileName = path.slice(path.lastIndexOf('/') + 1);
    if (!fileName.startsWith('.')) {
      if (!fileName.endsWith('.part')) yield path;
    } else if (isLeftover(fileName)) {
      await rm(join(root, path), { force: true });
    }
  }
}

async function collect(entries: AsyncIterable<string | Buffer>, listing: Listing): Promise<CandidateList> {
  const kept = new CandidateList();
  // Tens of thousands of objects that stay until their chunk is full would be old by then, and be cleared late.
  let chunk = new CandidateList();
  let seen = 0;
  const flush = async () => {
    listing.checkpoint();
    kept.add(await listing.select(chunk));
    chunk = new CandidateList();
    listing.onSeen(seen);
  };
  for await (const entry of entries) {
    chunk.add([candidateAt(String(entry))]);
    seen += 1;
    if (chunk.length >= chunkSize) await flush();
    else if (seen % filesPerReport === 0) {
      listing.checkpoint();
      listing.onSeen(seen);
    }
  }
  await flush();
  return kept;
}
