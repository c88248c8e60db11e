/** What the ledger says of files of Bronze that are in a bucket. */
export const archivedFiles: readonly string[] = [
  'alter table staging.file add column archived_at timestamptz',
  `comment on column staging.file.archived_at is 'Since when the file is in the bucket of BRONZE_ARCHIVE and no longer below BRONZE_ROOT'`,
];
