// Lands forecast files from an sFTP server; one file is one load.
//
//   1. load-weather.ts   lists the server's folder (sftp.ts, host-key.ts) or Bronze, and asks the ledger which files are new
//                        or have grown (known-files.ts)
//   2. the file is fetched whole into Bronze under a temporary name
//   3. landing.ts, csv.ts  its lines go to staging.weather_chunk with its ledger row; the file is renamed just before the commit
//
// A file whose content is faulty is recorded as rejected, with the reason. When the connection breaks, the file leaves nothing
// behind and is fetched again.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { BronzeWriter, rejectedFolder } from '../landing/bronze.ts';
import { LoadBusyError, LoadFailedError, LoadInterruptedError, notInBronze, SourceError } from '../landing/errors.ts';
import { assertFolder } from '../landing/folder.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { withRetries } from '../landing/retry.ts';
import { ensureStaging } from '../landing/staging.ts';
import { type LoadOptions, type LoadSummary, NoteCollector } from '../landing/summary.ts';
import { beginsWith, isWorthALook, type KnownFile, knownFiles, stampOf } from './known-files.ts';
import { landWeather } from './landing.ts';
import { isWeatherFile, readWeatherName, weatherBronzePath, weatherLedgerName } from './name.ts';
import type { RemoteFile } from './remote-file.ts';
import { RemoteFileError, SftpConnection } from './sftp.ts';
import { type SftpAddress, SftpLostError } from './sftp-link.ts';

export interface WeatherSource {
  /** Only loading from Bronze does not need it. */
  readonly sftp: SftpAddress | undefined;
  readonly bronzeRoot: string;
  /** Where Bronze is, if in a bucket; the folder has its drafts then. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  /** How often the server is tried, and seconds between two tries. */
  readonly attempts: number;
  readonly retryDelay: number;
}

/**
 * Lands forecast files: each is fetched whole into Bronze, then its lines go to staging.weather_chunk with its ledger row
 * in one transaction, and only then does it appear in Bronze. A file is one load, so an interrupted load continues with
 * the next file and a repeated one lands nothing. When the connection breaks, the current file leaves nothing behind and is
 * fetched again by the next attempt.
 * @throws SourceError (exit code 2) if the settings or the server's folder are not as they must be; LoadBusyError;
 * LoadInterruptedError after `signal`; LoadFailedError if the server stays away or a file cannot be landed.
 */
export async function loadWeather(
  warehouse: Warehouse,
  source: WeatherSource,
  options: LoadOptions,
): Promise<LoadSummary> {
  if (options.mode === 'from-bronze') await assertFolder(source.bronzeRoot, 'BRONZE_ROOT');
  await ensureStaging(warehouse);
  const load = new WeatherLoad(warehouse, source, options);
  const outcome = await warehouse.exclusive('load weather', () => load.run());
  if (outcome.held) return outcome.value;
  throw new LoadBusyError({
    what: `weather files are being loaded by ${outcome.holder}`,
    hint: 'Wait until it is done.',
  });
}

/** A file to be landed. `path` is where it is, relative to the folder on the server or to Bronze. */
interface Wanted {
  readonly name: string;
  readonly path: string;
  /** As the server says; undefined if it does not, or for a file in Bronze. */
  readonly size: number | undefined;
  /** Of the file at the server; null for one in Bronze. */
  readonly stamp: string | null;
  readonly before: KnownFile | undefined;
}

class WeatherLoad {
  readonly #warehouse: Warehouse;
  readonly #source: WeatherSource;
  readonly #options: LoadOptions;
  readonly #loads: number[] = [];
  readonly #rejected = new NoteCollector();
  readonly #skipped = new NoteCollector();
  /** Those of the skipped that should have been read: neither a folder nor a file that is still being written. */
  readonly #unread = new NoteCollector();
  readonly #warnings = new NoteCollector();
  #landed = 0;
  #bytes = 0;

  constructor(warehouse: Warehouse, source: WeatherSource, options: LoadOptions) {
    this.#warehouse = warehouse;
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<LoadSummary> {
    const fromBronze = this.#options.mode === 'from-bronze';
    if (fromBronze) await this.#fromBronze();
    else await this.#fromServer();
    this.#assertAnyRead();
    return {
      source: 'weather',
      listed: fromBronze ? 'bronze' : 'listing',
      landed: this.#landed,
      rejected: { ...this.#rejected },
      skipped: { ...this.#skipped },
      unread: { ...this.#unread },
      ignored: 0,
      warnings: { ...this.#warnings },
      loads: this.#loads,
      bytes: this.#bytes,
    };
  }

  /** A load that could read none of the files that it was to read is no success. */
  #assertAnyRead(): void {
    const { count, first } = this.#unread;
    const [one] = first;
    if (one === undefined || this.#landed + this.#rejected.count + this.#warnings.count > 0) return;
    throw new LoadFailedError({
      what: `no new forecast could be read (${count} ${count === 1 ? 'file' : 'files'}): ${one.name}: ${one.reason}`,
      hint: 'Check the files on the server and the permissions of SFTP_USER; the next load tries them again.',
    });
  }

  async #fromServer(): Promise<void> {
    const { sftp, attempts, retryDelay } = this.#source;
    if (sftp === undefined) {
      throw new SourceError({
        what: 'SFTP_HOST is not set: where the weather forecasts are is unknown',
        hint: 'Set SFTP_HOST, SFTP_USER, SFTP_PASSWORD or SFTP_PRIVATE_KEY, and SFTP_PATH (environment or .env).',
      });
    }
    const tries = this.#options.attempts ?? attempts;
    await withRetries(
      {
        attempts: tries,
        delaySeconds: retryDelay,
        signal: this.#options.signal,
        isTransient: (error) => error instanceof SftpLostError,
        onFailure: (attempt, error) =>
          this.#notice(
            `Try ${attempt} of ${tries}: ${error instanceof Error ? error.message : String(error)}. Next try in ${retryDelay} s.`,
          ),
      },
      () => this.#fetchAll(sftp),
    ).catch((error: unknown) => {
      // Whatever it looked like: the connection was ended because of the interrupt.
      this.#checkpoint();
      throw error;
    });
  }

  async #fetchAll(sftp: SftpAddress): Promise<void> {
    this.#checkpoint();
    const connection = await SftpConnection.open(sftp, (text) => this.#notice(text));
    const stop = () => connection.drop();
    this.#options.signal?.addEventListener('abort', stop);
    try {
      const wanted = await this.#unknown(await connection.list(isWeatherFile));
      const bronze = new BronzeWriter(this.#source.bronzeRoot, this.#source.bronzeRemote);
      for (const [index, file] of wanted.entries()) {
        this.#checkpoint();
        try {
          await this.#fetch(connection, bronze, file);
        } finally {
          // Whatever was not settled is not to stay.
          await bronze.discard();
        }
        this.#progress(index + 1, wanted.length);
      }
    } finally {
      this.#options.signal?.removeEventListener('abort', stop);
      await connection.close();
    }
  }

  async #fetch(connection: SftpConnection, bronze: BronzeWriter, file: Wanted): Promise<void> {
    const bronzePath = weatherBronzePath(file.path, readWeatherName(file.name));
    let draft = '';
    const missing = await bronze.roomMissingFor(file.size ?? 0);
    if (missing > 0) {
      // Not begun: it would fill the disk at every try, and others may fit.
      const [size, more] = [inMegabytes(file.size ?? 0), inMegabytes(missing)];
      return this.#couldNotRead(
        file.name,
        `it has ${size}, for which Bronze lacks ${more}: make room below BRONZE_ROOT`,
      );
    }
    try {
      const whole = await bronze.fillAt(bronzePath, async (path) => {
        draft = path;
        const after = await connection.download(file.path, path);
        const { size } = await stat(path);
        return size === (file.size ?? size) && size === (after ?? size);
      });
      if (!whole) return this.#skipped.add([{ name: file.name, reason: 'it is still being written' }]);
    } catch (error) {
      if (!(error instanceof RemoteFileError)) throw error;
      this.#checkpoint();
      return this.#couldNotRead(file.name, error.message);
    }
    if (file.before?.reason === null && !(await beginsWith(draft, file.before))) {
      return this.#warnings.add([
        {
          name: file.name,
          reason: `it has other content than the ${file.before.bytes} bytes that were landed; the new content is not read`,
        },
      ]);
    }
    await this.#land(file, draft, bronzePath, () => bronze.settle());
  }

  async #land(file: Wanted, path: string, bronzePath: string, settle: () => Promise<void>): Promise<void> {
    const { loadId, reason, bytes } = await landWeather(
      { warehouse: this.#warehouse, clock: this.#options.clock, settle, checkpoint: this.#checkpoint },
      {
        name: file.name,
        path,
        compressed: /\.gz$/i.test(file.path),
        fromBronze: this.#options.mode === 'from-bronze',
        bronzePath,
        before: file.before,
        stamp: file.stamp,
      },
    );
    if (loadId !== undefined) this.#loads.push(loadId);
    this.#bytes += bytes;
    if (reason === undefined) this.#landed += 1;
    else this.#rejected.add([{ name: file.name, reason }]);
  }

  /**
   * Of the files on the server, by name: those the ledger does not know; rejected ones that have changed, which may be
   * better now; landed ones that have grown, whose upload was not complete when they were fetched.
   */
  async #unknown(listed: readonly RemoteFile[]): Promise<readonly Wanted[]> {
    const known = await knownFiles(
      this.#warehouse,
      listed.map(({ fileName }) => weatherLedgerName(fileName)),
    );
    const wanted = new Map<string, Wanted>();
    // Of a file and its compressed twin the plain one comes first.
    for (const file of [...listed].sort((a, b) => compare(a.fileName, b.fileName))) {
      const { fileName } = file;
      const name = weatherLedgerName(fileName);
      const before = known.get(name);
      if (wanted.has(name)) continue;
      if (file.kind !== 'file') {
        if (before !== undefined) continue;
        if (file.kind === 'unknown') this.#couldNotRead(name, file.reason);
        else this.#skipped.add([{ name, reason: 'it is no regular file' }]);
        continue;
      }
      const { size, modified } = file;
      if (before === undefined || isWorthALook(before, file)) {
        wanted.set(name, { name, path: fileName, size, stamp: stampOf(size, modified), before });
      } else if (size !== undefined && size < before.bytes && before.fileName === fileName) {
        this.#warnings.add([
          {
            name,
            reason: `it has ${size} bytes now and had ${before.bytes} when it was landed; the new content is not read`,
          },
        ]);
      }
    }
    return [...wanted.values()];
  }

  #couldNotRead(name: string, reason: string): void {
    this.#skipped.add([{ name, reason }]);
    this.#unread.add([{ name, reason }]);
  }

  async #fromBronze(): Promise<void> {
    const { bronzeRoot } = this.#source;
    const { file: only } = this.#options;
    const paths = await glob(['weather/**/*.csv', 'weather/**/*.csv.gz'], {
      cwd: bronzeRoot,
      caseSensitiveMatch: false,
      followSymbolicLinks: false,
    });
    const names = paths
      .map((path) => ({ path, name: weatherLedgerName(path.slice(path.lastIndexOf('/') + 1)) }))
      .filter(({ name }) => only === undefined || name === weatherLedgerName(only));
    if (only !== undefined && names.length === 0) throw notInBronze('weather', only);
    const known = await knownFiles(
      this.#warehouse,
      names.map(({ name }) => name),
    );
    // By name, rather the plain one of two, and not one from the folder of rejected files.
    const rank = (path: string) => (path.includes(`/${rejectedFolder}/`) ? 2 : 0) + (/\.gz$/i.test(path) ? 1 : 0);
    names.sort((a, b) => compare(a.name, b.name) || rank(a.path) - rank(b.path));
    const wanted = names.filter(
      ({ name }, index) => name !== names[index - 1]?.name && known.get(name)?.staged !== true,
    );
    if (only !== undefined && wanted.length === 0) this.#notice(`${only} is landed: staging has its rows.`);
    for (const [index, { name, path }] of wanted.entries()) {
      this.#checkpoint();
      const before = known.get(name);
      const file = { name, path, size: undefined, stamp: null, before };
      await this.#land(file, join(bronzeRoot, ...path.split('/')), path, async () => undefined);
      this.#progress(index + 1, wanted.length);
    }
  }

  #progress(files: number, total: number): void {
    this.#options.onProgress?.({ phase: 'landing', files, total, bytes: this.#bytes });
  }

  #notice(text: string): void {
    this.#options.onNotice?.(text);
  }

  readonly #checkpoint = (): void => {
    if (this.#options.signal?.aborted === true) throw new LoadInterruptedError([...this.#loads]);
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Rounded up: `1,234 MB`. */
function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
