import { inSavepoint } from '../../warehouse/savepoint.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { LoadFailedError, SourceError } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { type LoadOptions, type LoadSummary, type Note, NoteCollector } from '../landing/summary.ts';
import type { RegistryAddress } from './mysql/address.ts';
import type { AllowedColumns } from './mysql/columns.ts';
import { TableFault } from './mysql/fault.ts';
import { RegistryServer, type RegistryTimeouts, type SpeltTable } from './mysql/server.ts';
import { type RegistryTable, registryTables } from './mysql/tables.ts';
import { landTable, type TableLanded } from './reader.ts';
import { type LedgerRow, landSnapshot, type SnapshotId } from './snapshot.ts';
import { bronzePathOf, registry } from './stamp.ts';
import { type ErasedRows, erasedRows } from './subject-rows.ts';

const dayMs = 86_400_000;

export interface Taking {
  readonly warehouse: Warehouse;
  readonly address: RegistryAddress;
  readonly bronzeRoot: string;
  readonly bronzeRemote: RemoteBronze | undefined;
  readonly timeouts: RegistryTimeouts;
  readonly options: LoadOptions;
  readonly apartments: readonly Apartment[] | undefined;
  readonly columns: AllowedColumns;
  /** What there is to say before it begins. */
  readonly notes: readonly Note[];
}

/**
 * Takes one snapshot and lands it.
 * @throws RegistryFault if the server cannot be read; nothing was landed then.
 */
export async function takeSnapshot(taking: Taking): Promise<LoadSummary> {
  const { warehouse, address, bronzeRoot, bronzeRemote, timeouts, options, apartments } = taking;
  const server = await RegistryServer.open(address, timeouts, options.signal);
  try {
    const spelt = await server.tables(taking.columns);
    if (spelt.size === 0) throw noTables(address);
    const bronze = new BronzeWriter(bronzeRoot, bronzeRemote);
    const warnings: Note[] = [...taking.notes];
    const unread: Note[] = [];
    let bytes = 0;
    let ignored = 0;
    const { id, ledger } = await landSnapshot({
      warehouse,
      bronze,
      clock: options.clock,
      again: undefined,
      async fill(session, at) {
        const landed: LedgerRow[] = [];
        const erased = await erasedRows(session, apartments);
        for (const [done, table] of registryTables.entries()) {
          options.onProgress?.({ phase: 'landing', files: done, total: registryTables.length, bytes });
          const name = spelt.get(table);
          const result =
            name === undefined ? 'missing' : await landOne({ session, bronze, at, table, server, erased }, name);
          if (result === 'missing') {
            warnings.push(missing(table, name?.name));
            continue;
          }
          if (result instanceof TableFault) {
            unread.push({ name: table, reason: `${result.message}; its last snapshot stays in use` });
            continue;
          }
          warnings.push(...(await goneColumns(session, table, result.columns)));
          for (const column of result.unfit) warnings.push(unfitNote(table, column));
          landed.push(result.ledger);
          ignored += result.ignored;
          bytes += result.ledger.bytes;
        }
        const [bad] = unread;
        if (landed.length === 0 && bad !== undefined) throw noneReadable(address, bad);
        if (landed.length === 0) throw noTables(address);
        await erased?.record(session);
        options.onProgress?.({ phase: 'landing', files: landed.length, total: landed.length, bytes });
        return landed;
      },
    });
    warnings.push(...unread, ...datedAhead(id, options.clock()));
    return {
      source: registry,
      listed: 'listing',
      landed: ledger.length,
      rejected: { count: 0, first: [] },
      // Not among the skipped: whoever tries these again soon would land all the others again, too.
      skipped: { count: 0, first: [] },
      unread: collected(unread),
      ignored,
      warnings: collected(warnings),
      loads: [id.loadId],
      bytes,
    };
  } finally {
    server.close();
  }
}

interface Landing {
  readonly session: Session;
  readonly bronze: BronzeWriter;
  readonly at: SnapshotId;
  readonly table: RegistryTable;
  readonly server: RegistryServer;
  readonly erased: ErasedRows | undefined;
}

/** Lands one table, of which nothing stays if it cannot be read to its end; the others are landed without it. */
async function landOne(
  { session, bronze, at, table, server, erased }: Landing,
  spelt: SpeltTable,
): Promise<(TableLanded & { readonly columns: readonly string[] }) | TableFault | 'missing'> {
  try {
    return await inSavepoint(session, async () => {
      const open = await server.open(spelt);
      if (open === undefined) return 'missing';
      const result = await landTable(session, bronze, at, table, open, erased);
      return { ...result, columns: open.columns.map(({ name }) => name) };
    });
  } catch (error) {
    if (!(error instanceof TableFault)) throw error;
    await bronze.drop(bronzePathOf(at.stamp, table));
    return error;
  }
}

/** A snapshot taken while the clock was wrong dates all later ones, since none may be older than one before it. */
function datedAhead({ time, stamp }: SnapshotId, now: Date): Note[] {
  if (time.getTime() - now.getTime() <= dayMs) return [];
  return [
    {
      name: stamp,
      reason: `the snapshot is dated ${shown(time)} although the clock says ${shown(now)}: one taken before has a time in the future, and a later one must not be older. Correct the clock; if it is right, remove the snapshots of the future as docs/registry.md says under "A clock that was wrong"`,
    },
  ];
}

function shown(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function collected(notes: readonly Note[]): { count: number; first: readonly Note[] } {
  const collector = new NoteCollector();
  collector.add(notes);
  return { count: collector.count, first: collector.first };
}

function missing(table: RegistryTable, name: string | undefined): Note {
  const reason =
    name === undefined
      ? 'the table is not in the database, or this user may not see it; its last snapshot stays in use'
      : 'the table has gone, or this user may not read it; its last snapshot stays in use';
  return { name: table, reason };
}

/** What a text held that was left out of staging. */
export function unfitNote(table: RegistryTable, column: string | undefined): Note {
  const where = column === undefined ? 'some text' : `column ${column}`;
  return { name: table, reason: `${where} holds the character U+0000, which PostgreSQL cannot store: left out` };
}

/** The columns that the newest snapshot of a table has and this one lacks. Letter case is no difference. */
async function goneColumns(on: Queryable, table: RegistryTable, columns: readonly string[]): Promise<Note[]> {
  const { rows } = await on.query<{ name: string }>(
    `select k.name
     from (
         select load_id from staging.file
         where source = $1 and status = 'landed' and split_part(name, '/', 2) = $2
         order by source_time desc
         limit 1
     ) as newest
     cross join lateral (
         select record from staging.registry_row
         where load_id = newest.load_id and table_name = $3
         order by row_no
         limit 1
     ) as row
     cross join lateral jsonb_object_keys(row.record) as k (name)
     order by 1`,
    [registry, `${table}.json`, table],
  );
  const here = new Set(columns.map((name) => name.toLowerCase()));
  return rows
    .filter(({ name }) => !here.has(name.toLowerCase()))
    .map(({ name }) => ({
      name: table,
      reason: `column ${name} was there in the last snapshot and is gone; what is made of it becomes NULL`,
    }));
}

function noneReadable(address: RegistryAddress, { name, reason }: Note): LoadFailedError {
  return new LoadFailedError({
    what: `none of the registry's tables at ${address.shown} could be read: ${name}: ${reason}`,
    hint: 'Nothing was landed, the last snapshot stays. Ask the administrator of the server to repair its tables, then load again.',
  });
}

function noTables(address: RegistryAddress): SourceError {
  return new SourceError({
    what: `none of the registry's tables is in the database at ${address.shown}, or this user may not read them`,
    hint: `Check the database in MYSQL_URL and grant select on ${registryTables.join(', ')}.`,
  });
}
