import { type Migrations, migrate, readVersion, statements } from '../../warehouse/migrate.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { SourceName } from './summary.ts';
import { archivedFiles } from './tables/archive.ts';
import { compressedFast } from './tables/compression.ts';
import { predictionTables, predictionWriters, predictorTables } from './tables/prediction.ts';
import { publishedFiles, publishedUpTo } from './tables/publication.ts';
import { messageCounts, streamTables, versionOfSource } from './tables/stream.ts';

/** As predictions took it before they had a row to lock: "pred" in ASCII. */
const predictionOrderLock = 0x70726564;

/** Waits for the loads of a source that are not committed; further ones wait for the end of the transaction. */
export async function lockLoads(session: Session, source: SourceName | 'predictions'): Promise<void> {
  await session.query('select from staging.load_order where source = $1 for update', [source]);
}

/** Whether a name is not in Unicode's composed form; PostgreSQL knows forms in UTF-8 only. */
const isDecomposed = `case when getdatabaseencoding() = 'UTF8' then name is not nfc normalized else false end`;

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
    compressedFast('staging.sensor_file alter column payload'),
  ],
  [
    // Nothing was ever landed line by line: 248 bytes a line, against 10 in chunks (docs/decisions/weather-staging.md).
    'drop table staging.weather_line',
    `create table staging.weather_chunk (
        file_id bigint not null,
        load_id bigint not null,
        name text not null,
        first_line integer not null,
        lines integer not null check (lines > 0),
        columns jsonb not null,
        primary key (file_id, first_line)
    )`,
    `comment on table staging.weather_chunk is 'Up to 1,000 lines of a weather file that follow each other'`,
    `comment on column staging.weather_chunk.first_line is 'Line of the file at which the first of them starts; the header is line 1'`,
    `comment on column staging.weather_chunk.columns is 'For each column of the header its values as they stand in the file, one a line; null where a line is too short'`,
    'create index on staging.weather_chunk (load_id)',
    `create view staging.weather_line as
    select
        c.file_id,
        c.load_id,
        c.first_line + i.place as line_no,
        (select jsonb_object_agg(v.key, v.value -> i.place) from jsonb_each(c.columns) as v) as record
    from staging.weather_chunk as c
    cross join lateral generate_series(0, c.lines - 1) as i (place)`,
    `comment on view staging.weather_line is 'The lines of the weather files one by one, for people who look one up: name its file_id'`,
    'create index on staging.registry_row (table_name, load_id)',
    // What predicts need not know about loads: the first row of a transaction opens one, and predictions commit in the
    // order of their load_id. With the owner's rights, so that the writer needs none but to insert.
    `create function staging.prediction_load() returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
        load bigint := nullif(current_setting('datacycle.prediction_load', true), '')::bigint;
    begin
        if load is null then
            perform pg_advisory_xact_lock(${predictionOrderLock});
            insert into staging.load (source, started_at) values ('predictions', clock_timestamp()) returning load_id into load;
            perform set_config('datacycle.prediction_load', load::text, true);
        end if;
        return load;
    end
    $body$`,
    'create sequence staging.prediction_row as integer',
    `create function staging.number_prediction() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
        new.load_id := staging.prediction_load();
        new.row_no := nextval('staging.prediction_row');
        return new;
    end
    $body$`,
    `create function staging.count_predictions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
        update staging.load set finished_at = clock_timestamp(), records = records + (select count(*) from landed)
        where load_id = staging.prediction_load();
        return null;
    end
    $body$`,
    `create trigger number_prediction before insert on staging.prediction
    for each row execute function staging.number_prediction()`,
    `create trigger count_predictions after insert on staging.prediction referencing new table as landed
    for each statement execute function staging.count_predictions()`,
    `comment on table staging.prediction is 'Predictions, written by whatever predicts: insert record only; load_id and row_no are given here (docs/predictions.md)'`,
    `create table staging.attempt (
        source text primary key,
        attempted_at timestamptz not null,
        succeeded_at timestamptz,
        failures integer not null default 0,
        message text,
        check ((failures > 0) = (message is not null))
    )`,
    `comment on table staging.attempt is 'The last try to load each source; message is why it failed'`,
    `comment on column staging.attempt.failures is 'Failed tries since the last success'`,
    compressedFast('staging.weather_chunk alter column columns'),
  ],
  [
    'create table staging.pruned_file (file_id bigint primary key)',
    `comment on table staging.pruned_file is 'Files whose rows were taken out of staging and not landed again'`,
  ],
  [
    `create table staging.tombstone (
        tombstone_id bigint generated always as identity primary key,
        salt bytea not null,
        apartment_hash bytea not null,
        owner_hash bytea not null,
        owner_length integer not null check (owner_length > 0),
        registry_ids jsonb not null default '{"buildings": [], "rooms": [], "devices": []}',
        requested_at timestamptz not null,
        completed_at timestamptz,
        report jsonb
    )`,
    `comment on table staging.tombstone is 'Apartments whose data were erased; nothing of them is landed as long as the row stands'`,
    `comment on column staging.tombstone.apartment_hash is 'SHA-256 of salt and id, A to Z in lower case, without white space'`,
    `comment on column staging.tombstone.owner_hash is 'SHA-256 of salt and owner, in lower case, without white space'`,
    `comment on column staging.tombstone.owner_length is 'Characters of the owner so written'`,
    `comment on column staging.tombstone.registry_ids is 'What the registry called its buildings, rooms and devices: numbers, no name'`,
    `comment on column staging.tombstone.completed_at is 'When all was erased for the first or, repeated, the last time'`,
    // Collation C: letters beyond A to Z stay as they are in every database, as the loaders have it.
    `create function staging.is_erased(apartment text) returns boolean
    language sql stable set search_path = pg_catalog, pg_temp as $body$
        select exists (
            select from staging.tombstone as t
            where t.apartment_hash = sha256(
                t.salt || convert_to(lower(regexp_replace($1, '[ \\t\\n\\v\\f\\r]', '', 'g') collate "C"), 'UTF8')
            )
        )
    $body$`,
    `comment on function staging.is_erased(text) is 'Whether the data of the apartment with this id were erased'`,
    // Before number_prediction: triggers fire in the order of their names.
    `create function staging.leave_out_erased_prediction() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
        return case when staging.is_erased(new.record ->> 'apartment') then null else new end;
    end
    $body$`,
    `create trigger leave_out_erased_prediction before insert on staging.prediction
    for each row execute function staging.leave_out_erased_prediction()`,
    // As before, but a statement of which nothing is left opens no load.
    `create or replace function staging.count_predictions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
        if not exists (select from landed) then
            return null;
        end if;
        update staging.load set finished_at = clock_timestamp(), records = records + (select count(*) from landed)
        where load_id = staging.prediction_load();
        return null;
    end
    $body$`,
  ],
  [
    'alter table staging.attempt add column unread jsonb',
    `comment on column staging.attempt.unread is 'What the last list of the source had and could not be read: {"count": ..., "first": [{"name": ..., "reason": ...}]}'`,
  ],
  [
    'alter table staging.file add column source_stamp text',
    `comment on column staging.file.source_stamp is 'Size and times of a rejected file at the source as it was judged: with others it is judged again; NULL if it came from Bronze'`,
  ],
  [
    // What adds rows is a load. Whatever takes rows away or rewrites them (pruning, an erasure, a file judged again) is noted here.
    `create table staging.change (
        change_id bigint generated always as identity primary key,
        table_name text not null
    )`,
    `comment on table staging.change is 'One row for each statement that deleted or updated rows of a table of this schema'`,
    'create index on staging.change (table_name)',
    `create function staging.note_change() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
        if exists (select from changed) then
            insert into staging.change (table_name) values (tg_table_name);
        end if;
        return null;
    end
    $body$`,
    ...['sensor_file', 'weather_chunk', 'registry_row', 'prediction', 'file'].flatMap((table) =>
      ['update', 'delete'].map(
        (event) => `create trigger note_${event} after ${event} on staging.${table}
        referencing old table as changed for each statement execute function staging.note_change()`,
      ),
    ),
    // Loads of one source commit in the order of their numbers; of different sources they do not.
    `create function staging.rows_version(name text) returns text
    language sql stable set search_path = pg_catalog, pg_temp as $body$
        select concat_ws(
            ' ',
            (select count(*) from staging.change as c where c.table_name = $1),
            (
                select string_agg(coalesce(newest.load_id, 0)::text, '/' order by s.source)
                from (values ('predictions'), ('registry'), ('sensors'), ('weather')) as s (source)
                cross join lateral (select max(l.load_id) as load_id from staging.load as l where l.source = s.source) as newest
            )
        )
    $body$`,
    `comment on function staging.rows_version(text) is 'Another text whenever rows of this table of the schema have changed'`,
  ],
  [
    // Names are composed from now on. A file that was rejected under another form is judged anew under its composed name.
    `delete from staging.file
    where source = 'sensors' and status = 'rejected' and ${isDecomposed}`,
    `update staging.sensor_file set name = normalize(name, nfc) where ${isDecomposed}`,
    `update staging.file as f set name = normalize(name, nfc)
    where source = 'sensors' and ${isDecomposed}
        and not exists (select from staging.file as o where o.source = f.source and o.name = normalize(f.name, nfc))`,
    // One that is too large to be copied has neither a copy nor a hash.
    'alter table staging.file alter column sha256 drop not null',
    `comment on column staging.file.sha256 is 'Of the source bytes, in hexadecimal; NULL if the file was too large to be read'`,
  ],
  [
    // Any login may take an advisory lock and set a setting. The lock of a row takes the right to update the table.
    'create table staging.load_order (source text primary key)',
    `comment on table staging.load_order is 'Locked row by row, so that the loads of one source commit in the order of their numbers'`,
    `insert into staging.load_order (source) values ('predictions'), ('registry'), ('sensors'), ('weather')`,
    'alter table staging.load add column transaction_id xid8',
    `comment on column staging.load.transaction_id is 'The transaction that writes predictions under this number'`,
    'create index on staging.load (transaction_id) where transaction_id is not null',
    // In a restored database the numbers of transactions come again: those of before began earlier.
    `create or replace function staging.prediction_load() returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
        load bigint;
    begin
        select l.load_id into load
        from staging.load as l
        where l.transaction_id = pg_current_xact_id() and l.started_at >= now();
        if load is null then
            perform from staging.load_order where source = 'predictions' for update;
            insert into staging.load (source, started_at, transaction_id)
            values ('predictions', clock_timestamp(), pg_current_xact_id())
            returning load_id into load;
        end if;
        return load;
    end
    $body$`,
  ],
  ['alter table staging.tombstone drop column report'],
  versionOfSource,
  streamTables,
  predictionTables,
  archivedFiles,
  predictionWriters,
  publishedFiles,
  messageCounts,
  predictorTables,
  publishedUpTo,
];

/** The schema `staging`, as its migrations make it. */
export const stagingMigrations: Migrations = {
  schema: 'staging',
  // "staging" as ASCII, shortened.
  lock: 0x73746167,
  steps: migrations.map(statements),
};

/** Creates or brings up to date the schema `staging`. @throws DatacycleError | StatementError as {@link migrate} does. */
export async function ensureStaging(warehouse: Warehouse): Promise<void> {
  await migrate(warehouse, stagingMigrations);
}

/**
 * Migrates an existing schema `staging` before a build, since models use what its newest migration created; not if the schema is
 * missing or this session may not change it. @throws DatacycleError if it is newer than the program; StatementError.
 */
export async function updateStaging(warehouse: Warehouse): Promise<void> {
  const version = await readVersion(warehouse, stagingMigrations);
  if (version?.outdated === true && version.changeable) await migrate(warehouse, stagingMigrations);
}
