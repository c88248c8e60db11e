import { StatementError } from '../../warehouse/errors.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { copyJson, copyLine, inChunks } from '../landing/copy-text.ts';
import { LoadFailedError } from '../landing/errors.ts';
import { inLoad } from '../landing/load.ts';
import { streamSource } from '../landing/source-file.ts';
import { BadWeatherFile, WeatherCsv } from './csv.ts';
import { readWeatherName } from './name.ts';

/** A forecast file that is on this machine. */
export interface LocalWeatherFile {
  /** As the ledger knows it, without `.gz`. */
  readonly name: string;
  /** Where its bytes are now. */
  readonly path: string;
  readonly compressed: boolean;
  /** It comes from Bronze, where files may have been compressed since they came. */
  readonly fromBronze: boolean;
  /** Where it will be in Bronze, relative to its root. */
  readonly bronzePath: string;
  /** Its ledger row, if there is one: what is judged again keeps its file_id. */
  readonly before: { readonly fileId: number; readonly reason: string | null } | undefined;
  /** Tells its state at the server from others; null if it comes from Bronze. */
  readonly stamp: string | null;
}

export interface WeatherLanding {
  readonly warehouse: Warehouse;
  readonly clock: () => Date;
  /** Makes the Bronze copy durable; called when nothing but the commit is left to do. */
  readonly settle: () => Promise<void>;
  /** Throws to stop, between two chunks. */
  readonly checkpoint: () => void;
}

/** What became of a file. `loadId` is undefined if nothing had to be recorded. */
export interface LandedWeather {
  readonly loadId: number | undefined;
  /** Why it was rejected; undefined if it was landed. */
  readonly reason: string | undefined;
  readonly bytes: number;
}

/**
 * Lands one file as one load, in one transaction: its lines and its ledger row, or a ledger row with the reason why not.
 * @throws LoadFailedError if PostgreSQL fails; ConnectionError; what `settle` or `checkpoint` throws. Nothing stays then.
 */
export async function landWeather(landing: WeatherLanding, file: LocalWeatherFile): Promise<LandedWeather> {
  const { warehouse, clock } = landing;
  try {
    const { loadId, result } = await inLoad(warehouse, 'weather', clock, async (session, loadId) => {
      const fileId = file.before?.fileId ?? (await nextFileId(session));
      const verdict = await judge(session, landing, file, loadId, fileId);
      // Judged again with the same verdict: the ledger has it already. And what was once landed stays landed.
      const { before } = file;
      const isKnown = before !== undefined && (before.reason === null || before.reason === verdict.reason);
      if (verdict.reason !== undefined && isKnown) {
        if (file.stamp !== null && before.reason !== null) await writeStamp(session, fileId, file.stamp);
        return { files: 0, records: 0, rejected: 0, verdict };
      }
      await landing.settle();
      await writeLedger(session, file, loadId, fileId, verdict);
      return { files: 1, records: verdict.lines, rejected: verdict.reason === undefined ? 0 : 1, verdict };
    });
    return { loadId, reason: result.verdict.reason, bytes: result.verdict.bytes };
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    landing.checkpoint();
    throw new LoadFailedError({
      what: `the forecasts of ${file.name} could not be landed: ${error.message} (SQLSTATE ${error.code})`,
      hint: 'They were rolled back as a whole; once the cause is gone, load again.',
    });
  }
}

interface Verdict {
  readonly reason: string | undefined;
  readonly lines: number;
  readonly bytes: number;
  readonly sha256: string;
}

async function judge(
  session: Session,
  landing: WeatherLanding,
  file: LocalWeatherFile,
  loadId: number,
  fileId: number,
): Promise<Verdict> {
  const name = readWeatherName(file.name);
  if (!name.known) return rejected(file, name.reason);
  const csv = new WeatherCsv(file.path, file.compressed, file.fromBronze);
  try {
    const lines = await inSavepoint(session, async () => {
      // What was landed of it before, when it was shorter.
      if (file.before !== undefined)
        await session.query('delete from staging.weather_chunk where file_id = $1', [fileId]);
      return copyChunks(session, landing, csv, file.name, loadId, fileId);
    });
    return { reason: undefined, lines, ...csv.fingerprint() };
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return rejected(file, reason);
  }
}

/** Why the file is at fault, undefined if it is not. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof BadWeatherFile) return error.message;
  // Data exceptions and limits exceeded; PostgreSQL's message may quote the content.
  if (error instanceof StatementError && /^(?:22|54)/.test(error.code)) {
    return `PostgreSQL cannot store it (SQLSTATE ${error.code})`;
  }
  return undefined;
}

async function rejected(file: LocalWeatherFile, reason: string): Promise<Verdict> {
  const read = await streamSource(file.path, async () => undefined);
  if (read.kind === 'skipped') {
    throw new LoadFailedError({
      what: `${file.name} cannot be read any more: ${read.reason}`,
      hint: 'Load again; if it stays so, look at the folder of Bronze.',
    });
  }
  return { reason, lines: 0, bytes: read.size, sha256: read.sha256 };
}

async function copyChunks(
  session: Session,
  landing: WeatherLanding,
  csv: WeatherCsv,
  name: string,
  loadId: number,
  fileId: number,
): Promise<number> {
  let lines = 0;
  const newline = Buffer.from('\n');
  const rows = async function* (): AsyncGenerator<readonly Buffer[]> {
    for await (const chunk of csv.chunks()) {
      landing.checkpoint();
      lines += chunk.lines;
      // All columns before the document, and the tab between.
      const head = copyLine([fileId, loadId, name, chunk.firstLine, chunk.lines, '']).slice(0, -1);
      yield [Buffer.from(head), copyJson(Buffer.from(JSON.stringify(chunk.columns).normalize('NFC'))), newline];
    }
  };
  await session.copyIn(
    'copy staging.weather_chunk (file_id, load_id, name, first_line, lines, columns) from stdin',
    inChunks(rows()),
  );
  return lines;
}

async function nextFileId(session: Session): Promise<number> {
  const { rows } = await session.query<{ id: number }>(`select nextval('staging.file_id') as id`);
  return Number(rows[0]?.id);
}

/** A rejected file has changed at the server and is rejected for the same reason. */
async function writeStamp(session: Session, fileId: number, stamp: string): Promise<void> {
  await session.query('update staging.file set source_stamp = $2 where file_id = $1', [fileId, stamp]);
}

async function writeLedger(
  session: Session,
  file: LocalWeatherFile,
  loadId: number,
  fileId: number,
  verdict: Verdict,
): Promise<void> {
  if (file.before !== undefined) await session.query('delete from staging.file where file_id = $1', [fileId]);
  const name = readWeatherName(file.name);
  await session.query(
    `insert into staging.file (file_id, source, name, bronze_path, bytes, sha256, load_id, status, reason, source_time,
         source_stamp)
     values ($1, 'weather', $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      fileId,
      file.name,
      file.bronzePath,
      verdict.bytes,
      verdict.sha256,
      loadId,
      verdict.reason === undefined ? 'landed' : 'rejected',
      verdict.reason ?? null,
      name.known ? `${name.day}T00:00:00Z` : null,
      verdict.reason === undefined ? null : file.stamp,
    ],
  );
}
