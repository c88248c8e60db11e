/** Which sensor files have been sent as messages. Not in the ledger's own rows: an update of those counts as a change of what was landed. */
export const publishedFiles: readonly string[] = [
  `create table staging.published_file (
        topic text not null,
        file_id bigint not null,
        published_at timestamptz not null,
        left_out text,
        primary key (topic, file_id)
    )`,
  `comment on table staging.published_file is 'The sensor files that were sent to a topic as messages, each written once its broker has it'`,
  `comment on column staging.published_file.left_out is 'Why it was not sent after all; NULL for what was'`,
];

/** So that not all that was ever landed is compared with all that was ever sent. */
export const publishedUpTo: readonly string[] = [
  'create table staging.published_up_to (topic text primary key, load_id bigint not null)',
  `comment on table staging.published_up_to is 'Up to this load a topic has all files, or staging.published_file says why not'`,
];
