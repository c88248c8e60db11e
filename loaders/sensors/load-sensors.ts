// Lands the sensor files of a share, each once.
//
//   1. predict.ts   tries the next names after the newest landed one; list.ts lists the whole share or Bronze instead
//   2. due.ts       leaves out what has been landed, and what was rejected and has not changed since
//   3. intake.ts    reads several files at once, each once: the same buffer is checked (payload.ts, secrets.ts) and copied to Bronze
//   4. batch.ts     one batch, one load, one transaction; if PostgreSQL refuses a file, the batch is repeated file by file
//
// name.ts reads the names of files; subject-files.ts tells whose a file is. A bad file is recorded as rejected and kept in Bronze;
// the rest of its batch is landed.
import { rm } from 'node:fs/promises';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { BronzeWriter, rejectedFolder } from '../landing/bronze.ts';
import { copiesAmong, ledgerPath, placeInBronze } from '../landing/bronze-files.ts';
import {
  LoadFailedError,
  LoadInterruptedError,
  notInBronze,
  printable,
  SourceError,
  systemCode,
} from '../landing/errors.ts';
import { assertFolder, isEmptyFolder } from '../landing/folder.ts';
import { ledgerName } from '../landing/ledger-name.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { growing, isFolder, isForbidden } from '../landing/source-file.ts';
import { ensureStaging } from '../landing/staging.ts';
import { type LoadOptions, type LoadSummary, NoteCollector } from '../landing/summary.ts';
import { SubjectRule } from '../tombstones/rule.ts';
import { readTombstones } from '../tombstones/tombstones.ts';
import { whileAlone } from './alone.ts';
import { landBatch } from './batch.ts';
import { type Candidate, CandidateList, candidateAt } from './candidate.ts';
import { dueFiles } from './due.ts';
import { takeIn } from './intake.ts';
import { completeListing, hasLanded, listingCompleted, newestMinute, sensors, withoutRow } from './ledger.ts';
import { type Listing, listBronze, listShare } from './list.ts';
import { bronzePathOf, type PlausibleTimes, SensorNames } from './name.ts';
import { clearOldMemory } from './old-memory.ts';
import { aheadMinutes, predictSensors } from './predict.ts';
import { type Reach, unlimited } from './share-access.ts';
import { isSubjectsPath } from './subject-files.ts';
import { maxBatchBytes } from './tally.ts';

export interface SensorSource {
  /** The folder that has the files (SMB_PATH); only loading from Bronze does not need it. */
  readonly share: string | undefined;
  /** How the share is reached, see {@link ShareAccess}; by default it may take as long as it likes. */
  readonly reach?: Reach | undefined;
  readonly bronzeRoot: string;
  /** Where Bronze is, if in a bucket; the folder has its drafts then. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  readonly apartments: readonly Apartment[];
  /** Readings of other times are rejected; default: before 2020 and a day ahead. */
  readonly times?: PlausibleTimes;
}

export interface SensorOptions extends LoadOptions {
  /** How many files commit together; default 5000. */
  readonly batchFiles?: number;
}

/**
 * Lands sensor files: a copy in Bronze, a ledger row, and for each good one a row in staging.sensor_file. Files are landed
 * in the order of the time in their name, in batches that commit as a whole, so an interrupted load continues where it
 * stopped and a repeated one lands nothing. Creates the staging schema if necessary.
 * @throws SourceError (exit code 2) if a folder or an apartment is not as it must be; LoadBusyError if another process loads
 * sensors into this database; LoadInterruptedError after `signal`; LoadFailedError or ConnectionError if a batch
 * cannot be landed, batches before it stay.
 * @example await loadSensors(warehouse, source, { mode: 'new', clock: () => new Date() })
 */
export async function loadSensors(
  warehouse: Warehouse,
  source: SensorSource,
  options: SensorOptions,
): Promise<LoadSummary> {
  if (options.mode !== 'from-bronze')
    await (source.reach ?? unlimited)(() => assertFolder(shareOf(source), 'SMB_PATH'));
  await ensureStaging(warehouse);
  const erased = new SubjectRule(await readTombstones(warehouse));
  const names = new SensorNames(source.apartments, erased, source.times, options.clock);
  return new Load(warehouse, source, names, erased, options).run();
}

function shareOf({ share }: SensorSource): string {
  if (share !== undefined && share !== '') return share;
  throw new SourceError({
    what: 'SMB_PATH is not set: where the sensor files are is unknown',
    hint: 'Set SMB_PATH (environment or .env) to the folder where the network share is mounted.',
  });
}

class Load {
  readonly #warehouse: Warehouse;
  readonly #source: SensorSource;
  readonly #reach: Reach;
  readonly #names: SensorNames;
  readonly #options: SensorOptions;
  readonly #loads: number[] = [];
  readonly #rejected = new NoteCollector();
  readonly #skipped = new NoteCollector();
  /** Those of the skipped that should have been read: neither a folder nor a file that is still being written. */
  readonly #unread = new NoteCollector();
  /** Files found. */
  #seen = 0;
  #folders = 0;
  #erased: SubjectRule;
  #ignored = 0;
  #landed = 0;
  #bytes = 0;

  constructor(
    warehouse: Warehouse,
    source: SensorSource,
    names: SensorNames,
    erased: SubjectRule,
    options: SensorOptions,
  ) {
    this.#warehouse = warehouse;
    this.#source = source;
    this.#reach = source.reach ?? unlimited;
    this.#names = names;
    this.#erased = erased;
    this.#options = options;
  }

  async run(): Promise<LoadSummary> {
    const on = this.#warehouse;
    // Listing a share may take minutes, in which others may land what they find; only landing needs to be alone.
    const listed =
      this.#options.mode === 'from-bronze' ? await whileAlone(on, () => this.#loadBronze()) : await this.#loadShare();
    if (listed !== 'bronze') this.#assertAnyRead(listed);
    return {
      source: sensors,
      listed,
      landed: this.#landed,
      rejected: { ...this.#rejected },
      skipped: { ...this.#skipped },
      // A check looks at the newest names only, and knows nothing of the others.
      unread: listed === 'listing' ? { ...this.#unread } : undefined,
      ignored: this.#ignored,
      warnings: { count: 0, first: [] },
      loads: this.#loads,
      bytes: this.#bytes,
    };
  }

  /** A load that could read nothing of all there is, or that may read nothing of what is new, is no success. */
  #assertAnyRead(listed: 'predicted' | 'listing'): void {
    const { count, first } = this.#unread;
    const [one] = first;
    if (one === undefined || this.#landed + this.#rejected.count > 0) return;
    const isAll = count === this.#seen - this.#folders && (listed === 'listing' || first.every(isForbidden));
    if (!isAll) return;
    throw new LoadFailedError({
      what: `no sensor file could be read (${count} ${count === 1 ? 'file' : 'files'}): ${printable(one.name)}: ${one.reason}`,
      hint: 'Check the files in SMB_PATH and the permissions of this user; the next load tries them again.',
    });
  }

  async #loadBronze(): Promise<'bronze'> {
    const { file } = this.#options;
    const found = file === undefined ? await this.#allOfBronze() : await this.#oneOfBronze(file);
    await this.#land(found, async (chunk) => chunk);
    return 'bronze';
  }

  async #allOfBronze(): Promise<CandidateList> {
    const folders = [...new Set(this.#source.apartments.map(({ id }) => id)), rejectedFolder];
    const listing = this.#listing((chunk) => withoutRow(this.#warehouse, this.#listed([...chunk])));
    return listBronze(this.#source.bronzeRoot, folders, listing);
  }

  /** Found by the ledger or by its name: listing Bronze may take as long as listing the share. */
  async #oneOfBronze(file: string): Promise<CandidateList> {
    const name = ledgerName(file);
    // A name that is a path leads to another file.
    if (candidateAt(name).name !== name) throw notInBronze(sensors, file);
    const known = await ledgerPath(this.#warehouse, sensors, name);
    const places = [known ?? '', bronzePathOf(name, this.#names.read(name)), `${rejectedFolder}/${name}`];
    const paths = await copiesAmong(this.#source.bronzeRoot, places.filter(Boolean));
    if (paths.length === 0) throw notInBronze(sensors, file);
    const allowed = this.#listed(paths.map(candidateAt));
    const due = await withoutRow(this.#warehouse, allowed);
    if (due.length < allowed.length) this.#options.onNotice?.(`${printable(name)} is landed: staging has its rows.`);
    const found = new CandidateList();
    found.add(due);
    return found;
  }

  async #loadShare(): Promise<'predicted' | 'listing'> {
    const on = this.#warehouse;
    const { listed, found } = await this.#whileThere(async () => {
      const discovered = await this.#discover();
      if (discovered.found.length === 0) await this.#assertMounted();
      return discovered;
    });
    if (listed === 'predicted') this.#seen = found.length;
    if (listed === 'predicted' && found.length === 0) return listed;
    await whileAlone(on, async () => {
      // What another load landed since it was found is not landed again.
      await this.#land(found, async (chunk) => [...(await this.#due(chunk))]);
      if (listed === 'listing') await completeListing(on);
    });
    return listed;
  }

  /** A share may go at any moment: what fails because of it is reported as that, and not as the error met first. */
  async #whileThere<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (systemCode(error) !== '') await this.#reach(() => assertFolder(shareOf(this.#source), 'SMB_PATH'));
      throw error;
    }
  }

  /** A share that is not mounted mostly looks like an empty folder, in which nothing is new for ever. */
  async #assertMounted(): Promise<void> {
    const share = shareOf(this.#source);
    if (!(await this.#reach(() => isEmptyFolder(share))) || !(await hasLanded(this.#warehouse))) return;
    throw new SourceError({
      what: `SMB_PATH names the folder ${share}, which is empty, though files have been landed from it: is the share mounted?`,
      hint: 'Mount the network share there again.',
    });
  }

  async #discover(): Promise<{ listed: 'predicted' | 'listing'; found: CandidateList }> {
    const on = this.#warehouse;
    const share = shareOf(this.#source);
    if (this.#options.mode === 'new' && (await listingCompleted(on))) {
      const now = Math.floor(this.#options.clock().getTime() / 60_000);
      const known = await newestMinute(on, new Date((now + aheadMinutes) * 60_000));
      // After an erasure the ledger may be empty; listing the share at every check would find nothing new.
      const newest = known ?? (this.#erased.size > 0 ? now : undefined);
      if (newest !== undefined) {
        const prediction = { share, reach: this.#reach, names: this.#names, newest, now, checkpoint: this.#checkpoint };
        const found = new CandidateList();
        found.add(await predictSensors(on, prediction));
        return { listed: 'predicted', found };
      }
    }
    const listing = this.#listing((chunk) => this.#due(this.#erased.size === 0 ? chunk : this.#listed([...chunk])));
    return { listed: 'listing', found: await listShare(share, this.#reach, listing) };
  }

  #due(chunk: Iterable<Candidate>): Promise<CandidateList> {
    const source = { share: shareOf(this.#source), reach: this.#reach, names: this.#names };
    return dueFiles(this.#warehouse, source, chunk);
  }

  #listing(select: Listing['select']): Listing {
    return {
      select,
      checkpoint: this.#checkpoint,
      onSeen: (files) => {
        this.#seen = files;
        this.#options.onProgress?.({ phase: 'listing', files, total: undefined, bytes: 0 });
      },
    };
  }

  /** Lands candidates in order of time; of each batch those that `stillDue` leaves, in their order, asked just before. */
  async #land(
    candidates: CandidateList,
    stillDue: (batch: readonly Candidate[]) => Promise<readonly Candidate[]>,
  ): Promise<void> {
    candidates.sortByTime(this.#names);
    const { mode, clock, onProgress, batchFiles = 5000, settleMs = 0 } = this.#options;
    const { bronzeRoot, bronzeRemote } = this.#source;
    const fromBronze = mode === 'from-bronze';
    const total = candidates.length;
    const base = fromBronze ? bronzeRoot : shareOf(this.#source);
    const reach = fromBronze ? unlimited : this.#reach;
    const bronze = fromBronze ? undefined : new BronzeWriter(bronzeRoot, bronzeRemote);
    for (let done = 0; done < total; ) {
      this.#checkpoint();
      // Few files leave little, and clearing what else is in memory would take longer than landing them.
      if (total > batchFiles) clearOldMemory();
      // An erasure may have begun since: a load may take hours.
      const erased = await readTombstones(this.#warehouse);
      if (erased.length !== this.#erased.size) this.#erased = new SubjectRule(erased);
      const chunk = candidates.slice(done, done + batchFiles);
      const batch = await stillDue(this.#allowed(chunk));
      const dealWith = (count: number) => {
        this.#ignored += count - this.#allowed(chunk.slice(0, count)).length;
        done += count;
      };
      if (batch.length === 0) {
        dealWith(chunk.length);
        continue;
      }
      const before = done;
      const settle = fromBronze ? undefined : { ms: settleMs, now: clock };
      const result = await landBatch({
        warehouse: this.#warehouse,
        bronze,
        candidates: batch,
        take: (files) => takeIn({ base, reach, names: this.#names, bronze, settle }, files),
        mostBytes: maxBatchBytes,
        clock,
        checkpoint: this.#checkpoint,
        onFile: (files, bytes) =>
          onProgress?.({ phase: 'landing', files: before + files, total, bytes: this.#bytes + bytes }),
      });
      const next = batch[result.taken];
      dealWith(next === undefined ? chunk.length : chunk.findIndex(({ path }) => path === next.path));
      if (result.loadId !== undefined) this.#loads.push(result.loadId);
      this.#landed += result.landed;
      this.#bytes += result.bytes;
      this.#rejected.add(result.rejected);
      this.#skipped.add(result.skipped);
      this.#unread.add(result.skipped.filter(({ reason }) => reason !== isFolder && reason !== growing));
      this.#folders += result.skipped.filter(({ reason }) => reason === isFolder).length;
      // Only now, that the ledger names another copy.
      for (const path of result.replacedCopies) {
        await rm(placeInBronze(bronzeRoot, path), { force: true });
        await bronzeRemote?.remove(path);
      }
      // Unreadable files may mean that the share is no longer mounted; continuing would skip all other files, too.
      if (result.skipped.length > 0) {
        await reach(() => assertFolder(base, fromBronze ? 'BRONZE_ROOT' : 'SMB_PATH'));
      }
    }
  }

  /** Without the files of erased apartments. */
  #allowed(files: readonly Candidate[]): readonly Candidate[] {
    if (this.#erased.size === 0) return files;
    return files.filter(({ path }) => !isSubjectsPath(this.#erased, path));
  }

  /** As {@link #allowed}; counts what it leaves out. */
  #listed(files: readonly Candidate[]): readonly Candidate[] {
    const allowed = this.#allowed(files);
    this.#ignored += files.length - allowed.length;
    return allowed;
  }

  readonly #checkpoint = (): void => {
    if (this.#options.signal?.aborted === true) throw new LoadInterruptedError([...this.#loads]);
  };
}
