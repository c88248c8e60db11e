import { StatementError } from '../../warehouse/errors.ts';
import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { copyJson, copyLine, inChunks } from '../landing/copy-text.ts';
import { LoadFailedError } from '../landing/errors.ts';
import { inLoad } from '../landing/load.ts';
import type { Candidate } from './candidate.ts';
import { sensors } from './ledger.ts';
import { type Batch, type BatchResult, Tally } from './tally.ts';

/**
 * Lands one batch in one transaction: the load, its ledger rows and its staging rows are there together or not at all,
 * and not before Bronze has the files. If PostgreSQL refuses the data of one, the batch is done again file by file.
 * @throws LoadFailedError if the batch cannot be landed; it was rolled back. What `checkpoint` throws is passed on.
 */
export async function landBatch(batch: Batch): Promise<BatchResult> {
  try {
    return await attempt(batch, copyAll).catch((error: unknown) => {
      if (isAboutData(error)) return attempt(batch, insertEach);
      throw error;
    });
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    batch.checkpoint();
    // PostgreSQL's detail and context quote the content of files, and so may the message where it is about data.
    throw new LoadFailedError({
      what: `a batch of sensor files could not be landed: ${
        isAboutData(error) || error.code.startsWith('23') ? 'PostgreSQL refused its data' : error.message
      } (SQLSTATE ${error.code})`,
      hint: 'It was rolled back as a whole; once the cause is gone, load again and it goes on from there.',
    });
  }
}

/** Data exceptions and limits exceeded: a fault of some file rather than of the server. */
function isAboutData(error: unknown): boolean {
  return error instanceof StatementError && /^(?:22|54)/.test(error.code);
}

async function attempt(batch: Batch, send: typeof copyAll): Promise<BatchResult> {
  const { warehouse, bronze, clock } = batch;
  try {
    const { result } = await inLoad(warehouse, sensors, clock, async (session, loadId) => {
      await batch.begin?.(session);
      const tally = new Tally(batch, loadId, await reserveFileIds(session, batch.candidates));
      await send(session, tally);
      const outcomes = await Promise.allSettled([bronze?.settle(), writeLedger(session, tally)]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      const done = tally.result();
      const files = tally.ledger.length;
      return { files, records: done.landed, rejected: files - done.landed, done };
    });
    return result.done;
  } catch (error) {
    await bronze?.discard();
    throw error;
  }
}

/** Numbers for the candidates that have none, drawn at once. */
async function reserveFileIds(session: Session, candidates: readonly Candidate[]): Promise<number[]> {
  const wanted = candidates.filter(({ before }) => before === undefined).length;
  const { rows } = await session.query<{ id: number }>(
    `select nextval('staging.file_id') as id from generate_series(1, $1::int)`,
    [wanted],
  );
  return rows.map(({ id }) => Number(id));
}

/** The usual way: one COPY for all. */
async function copyAll(session: Session, tally: Tally): Promise<void> {
  const newline = Buffer.from('\n');
  const lines = async function* (): AsyncGenerator<readonly Buffer[]> {
    for await (const file of tally.files()) {
      if (file.kind === 'landed') {
        tally.land(file, file.fileId);
        // All columns before the payload, and the tab between.
        const head = copyLine([file.fileId, tally.loadId, file.candidate.name, '']).slice(0, -1);
        yield [Buffer.from(head), copyJson(file.json), newline];
      } else if (file.kind === 'rejected') {
        tally.reject(file, file.fileId, file.reason);
      } else {
        tally.skip(file.candidate, file.reason);
      }
    }
  };
  await session.copyIn('copy staging.sensor_file (file_id, load_id, name, payload) from stdin', inChunks(lines()));
}

/** The careful way, after a refused COPY: what PostgreSQL does not take is rejected on its own. */
async function insertEach(session: Session, tally: Tally): Promise<void> {
  for await (const file of tally.files()) {
    if (file.kind === 'skipped') {
      tally.skip(file.candidate, file.reason);
      continue;
    }
    const reason = file.kind === 'rejected' ? file.reason : await insertOne(session, tally.loadId, file);
    if (reason === undefined) tally.land(file, file.fileId);
    else tally.reject(file, file.fileId, reason);
  }
}

/** Returns why PostgreSQL does not take it, without its words: they quote the file. */
async function insertOne(
  session: Session,
  loadId: number,
  file: { fileId: number; candidate: Candidate; json: Buffer },
): Promise<string | undefined> {
  try {
    await inSavepoint(session, () =>
      session.query(
        'insert into staging.sensor_file (file_id, load_id, name, payload) values ($1, $2, $3, $4::text::jsonb)',
        [file.fileId, loadId, file.candidate.name, file.json.toString('utf8')],
      ),
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof StatementError) || !isAboutData(error)) throw error;
    return `PostgreSQL cannot store it (SQLSTATE ${error.code})`;
  }
}

async function writeLedger(session: Session, { ledger, replaced, unchanged }: Tally): Promise<void> {
  if (unchanged.length > 0) {
    await session.query(
      `update staging.file as f set source_stamp = n.stamp
       from unnest($1::bigint[], $2::text[]) as n (file_id, stamp) where f.file_id = n.file_id`,
      [unchanged.map(({ fileId }) => fileId), unchanged.map(({ stamp }) => stamp)],
    );
  }
  // The load that judged a file before no longer counts it: each is counted once.
  if (replaced.length > 0) {
    await session.query(
      `with gone as (delete from staging.file where file_id = any($1::bigint[]) returning load_id, status)
       update staging.load as l
       set files = l.files - g.files, records = l.records - (g.files - g.rejected), rejected = l.rejected - g.rejected
       from (
           select load_id, count(*) as files, count(*) filter (where status = 'rejected') as rejected
           from gone
           group by load_id
       ) as g
       where l.load_id = g.load_id`,
      [replaced],
    );
  }
  if (ledger.length === 0) return;
  const chunks = async function* () {
    for (let at = 0; at < ledger.length; at += 500) yield ledger.slice(at, at + 500).join('');
  };
  await session.copyIn(
    `copy staging.file (
        file_id, source, name, bronze_path, bytes, sha256, load_id, status, reason, source_time, source_stamp
    ) from stdin`,
    chunks(),
  );
}
