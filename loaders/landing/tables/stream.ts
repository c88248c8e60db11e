// Tables of the schema `staging`, each file one migration of it, in the order in which the room above lists them.
//
//   stream.ts  the messages of topics, how far each partition is landed, and the replays into the queue of a process
//   publication.ts  which sensor files were sent to a topic
//   prediction.ts  the models that the program has trained, and what they have predicted
//
// A migration that was released never changes; what comes later is another one. At its end the schema is that of the program.

/** By which a model learns that rows of a table of one source have changed. */
export const versionOfSource: readonly string[] = [
  `create function staging.rows_version(name text, source text) returns text language sql stable set search_path = pg_catalog, pg_temp as $body$
    select (select count(*) from staging.change as c where c.table_name = $1) || ' ' || coalesce((select max(l.load_id) from staging.load as l where l.source = $2), 0) $body$`,
];

/** What the schema has for messages. */
export const streamTables: readonly string[] = [
  // As the messages stand: rows of one load lie together, so that block ranges find them and cost nothing at millions a day.
  `create table staging.stream_message (
        file_id bigint not null,
        load_id bigint not null,
        topic text not null,
        partition integer not null,
        message_offset bigint not null,
        message_time timestamptz not null,
        message jsonb not null
    )`,
  `comment on table staging.stream_message is 'One row a message of a topic'`,
  `comment on column staging.stream_message.file_id is 'The Bronze file that has it'`,
  `comment on column staging.stream_message.message_time is 'When it was sent, as the broker has it'`,
  'create index on staging.stream_message using brin (load_id)',
  'create index on staging.stream_message using brin (file_id)',
  `create table staging.stream_offset (
        log text not null,
        topic text not null,
        partition integer not null,
        next_offset bigint not null check (next_offset >= 0),
        planned_offset bigint check (planned_offset > next_offset),
        planned_at timestamptz,
        end_offset bigint not null,
        seen_at timestamptz not null,
        primary key (log, topic, partition),
        check ((planned_offset is null) = (planned_at is null))
    )`,
  `comment on table staging.stream_offset is 'How far each partition is landed; written in the transaction of its messages'`,
  `comment on column staging.stream_offset.log is 'The broker, or the queue of a process'`,
  `comment on column staging.stream_offset.next_offset is 'The first offset that is not landed'`,
  `comment on column staging.stream_offset.planned_offset is 'Where the range ends that is being landed, or was when a process ended: whoever goes on repeats it as it is'`,
  `comment on column staging.stream_offset.end_offset is 'The end of the partition when it was seen last'`,
  `create table staging.replay (
        replay_id text primary key,
        first_offsets jsonb not null,
        began_at timestamptz not null,
        finished_at timestamptz
    )`,
  `comment on table staging.replay is 'The replays into the queue of a process; replay_id is made of what is replayed, first_offsets is where its messages begin, by topic and partition'`,
  `insert into staging.load_order (source) values ('stream')`,
  ...['update', 'delete'].map(
    (event) => `create trigger note_${event} after ${event} on staging.stream_message
        referencing old table as changed for each statement execute function staging.note_change()`,
  ),
  `create or replace function staging.rows_version(name text) returns text
    language sql stable set search_path = pg_catalog, pg_temp as $body$
        select concat_ws(
            ' ',
            (select count(*) from staging.change as c where c.table_name = $1),
            (
                select string_agg(coalesce(newest.load_id, 0)::text, '/' order by s.source)
                from (values ('predictions'), ('registry'), ('sensors'), ('stream'), ('weather')) as s (source)
                cross join lateral (select max(l.load_id) as load_id from staging.load as l where l.source = s.source) as newest
            )
        )
    $body$`,
];

/** How many messages a file of Bronze has, so that housekeeping need not read it to know. */
export const messageCounts: readonly string[] = [
  'alter table staging.file add column messages integer',
  `comment on column staging.file.messages is 'Messages in a file of the stream; NULL for other sources, and where nobody has counted them'`,
];
