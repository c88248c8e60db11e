import type { Session, Warehouse } from '../warehouse/warehouse.ts';

/**
 * What schema `staging` is made of, in the order it came to be. A step that was released never changes; a new one is
 * added below. Each statement is sent on its own.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `create table staging.load (
        load_id bigint generated always as identity primary key,
        source text not null,
        started_at timestamptz not null,
        finished_at timestamptz,
        files integer not null default 0,
        records bigint not null default 0,
        rejected integer not null default 0,
        listing_completed boolean not null default false
    )`,
    `comment on table staging.load is 'One numbered batch of one source'`,
    `comment on column staging.load.listing_completed is 'With this load everything a full listing had found was landed; from then on the next names can be predicted'`,
    'create index on staging.load (source, load_id)',
    'create sequence staging.file_id as bigint',
    `create table staging.file (
        file_id bigint primary key default nextval('staging.file_id'),
        source text not null,
        name text not null,
        bronze_path text,
        bytes bigint not null,
        sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
        load_id bigint not null references staging.load,
        status text not null check (status in ('landed', 'rejected')),
        reason text,
        source_time timestamptz,
        unique (source, name),
        check ((status = 'rejected') = (reason is not null))
    )`,
    `comment on table staging.file is 'The ledger: every file that was taken in, once'`,
    `comment on column staging.file.bronze_path is 'Relative to BRONZE_ROOT, with forward slashes'`,
    `comment on column staging.file.bytes is 'Size of the source file, in bytes, as it was found (maybe compressed)'`,
    `comment on column staging.file.sha256 is 'Of the source bytes, in hexadecimal'`,
    `comment on column staging.file.source_time is 'The time in the name; NULL if it has none'`,
    'create index on staging.file (source, source_time)',
    // The landed rows name their load and file without foreign keys: they are pruned on their own, and Bronze has them.
    `create table staging.sensor_file (
        file_id bigint primary key,
        load_id bigint not null,
        name text not null,
        payload jsonb not null
    )`,
    `comment on column staging.sensor_file.payload is 'The file as it was, without api_token'`,
    'create index on staging.sensor_file (load_id)',
    `create table staging.weather_line (
        file_id bigint not null,
        load_id bigint not null,
        line_no integer not null,
        record jsonb not null,
        primary key (file_id, line_no)
    )`,
    // Rows arrive in the order of load_id, so block ranges find them and cost nothing at 150,000 lines a file.
    'create index on staging.weather_line using brin (load_id)',
    `create table staging.registry_row (
        load_id bigint not null,
        table_name text not null,
        row_no integer not null,
        record jsonb not null,
        primary key (load_id, table_name, row_no)
    )`,
    `create table staging.prediction (
        load_id bigint not null,
        row_no integer not null,
        record jsonb not null,
        primary key (load_id, row_no)
    )`,
  ],
];

/** Any number will do, as long as nothing else in the database locks it: "staging" as ASCII, shortened. */
const migrationLock = 0x73746167;

/**
 * Creates or brings up to date the schema `staging`. Safe to repeat and to run in several processes at once; costs one
 * small query when there is nothing to do.
 * @throws StatementError, e.g. if the role may not create a schema (`datacycle init` creates it beforehand).
 */
export async function ensureStaging(warehouse: Warehouse): Promise<void> {
  if ((await warehouse.query(`select to_regclass('staging.migration') as found`)).rows[0]?.found !== null) {
    if ((await appliedIn(warehouse)) >= migrations.length) return;
  }
  await warehouse.transaction(async (session) => {
    await session.query('select pg_advisory_xact_lock($1)', [migrationLock]);
    // `if not exists` alone asks for the right to create schemas even where the schema is there. And to_regnamespace may
    // not know yet what was created while this session waited for the lock; a scan of the catalog does.
    if ((await session.query(`select 1 from pg_namespace where nspname = 'staging'`)).rows.length === 0) {
      await session.query('create schema staging');
    }
    await session.query(
      'create table if not exists staging.migration (number integer primary key, applied_at timestamptz not null default now())',
    );
    const applied = await appliedIn(session);
    for (const [index, statements] of migrations.entries()) {
      if (index < applied) continue;
      for (const statement of statements) await session.query(statement);
      if (index === 0) await preferFastCompression(session);
      await session.query('insert into staging.migration (number) values ($1)', [index + 1]);
    }
  });
}

async function appliedIn(on: Pick<Session, 'query'>): Promise<number> {
  const { rows } = await on.query<{ applied: number }>(
    'select coalesce(max(number), 0)::int as applied from staging.migration',
  );
  return rows[0]?.applied ?? 0;
}

/**
 * A payload of 3 KB is always compressed. With lz4, where the server was built with it, COPY of sensor files took 28 µs a
 * row instead of 44 with pglz, for 24 MB instead of 20.
 */
async function preferFastCompression(session: Session): Promise<void> {
  const { rows } = await session.query(
    `select 1 from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals)`,
  );
  if (rows.length > 0) await session.query('alter table staging.sensor_file alter column payload set compression lz4');
}
