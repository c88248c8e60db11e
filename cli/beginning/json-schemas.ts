import * as z from 'zod';
import { projectSchema } from '../../runner/project/project-schema.ts';
import { propertiesSchema } from '../../runner/project/properties-schema.ts';

/** What keys say, for whoever writes them in an editor; of the others the type is all. */
const descriptions: Readonly<Record<string, string>> = {
  access: 'Who may refer to it: private (its group), protected or public.',
  accepted_values: 'The values that a column may have.',
  alias: 'What the table is called, if not like the file.',
  api: 'How datacycle serve lets others read it: {} or { path, key, order_by, columns, time, required, only }.',
  audit: 'For tests: run in the transaction that builds the model, so that bad rows stay out.',
  batch_size: 'For microbatch: hour, day, month or year.',
  begin: 'For microbatch: the first batch.',
  bi: 'How Power BI shows it.',
  check_cols: 'For snapshots of strategy check: the columns that are compared, or all.',
  column_types: 'For seeds: the type of a column, where the guess is not meant.',
  columns: 'The columns: name, description, data_type, data_tests.',
  constraints: 'What PostgreSQL enforces: primary_key, unique, not_null, check, foreign_key.',
  contract: '{ enforced: true }: a build fails if columns or types differ from the .yml.',
  data_tests: 'Tests by name, with arguments: not_null, unique, accepted_values, relationships, ...',
  depends_on: "What it is made of: ref('model'), source('source', 'table').",
  description: 'What it is, for people; becomes a comment in the database.',
  enabled: 'False: it is left out of the project.',
  expect: 'The rows that the model has to yield.',
  exports: 'What datacycle export writes as files for others, by name.',
  exposures: 'What is made of models elsewhere: reports, notebooks, applications.',
  freshness: 'How old the newest data may be.',
  full_refresh: 'False: never rebuild it, whatever the command line says.',
  given: 'The rows of what the model reads.',
  grants: 'Roles by privilege: { select: [reader] }.',
  group: 'The group that it belongs to.',
  hard_deletes: 'For snapshots: what becomes of rows that are gone: ignore, invalidate or new_record.',
  incremental_strategy: 'How an increment is put in: append, merge, delete+insert or microbatch.',
  indexes: 'Indexes: { columns, unique, type }.',
  lint: 'Which rules of lint do not hold, where, and why.',
  materialized: 'What it becomes: view, table, incremental, ephemeral, materialized_view, snapshot.',
  meta: 'Whatever you want to keep with it.',
  models: 'The models: in project.yml settings by folder, in other files their descriptions.',
  on_schema_change: 'What an incremental model does when its columns change.',
  overrides: 'What takes the place of variables, environment and macros in a unit test.',
  partition_by: 'Partitions by time: { column, granularity: month }.',
  persist_docs: 'Whether descriptions become comments in the database.',
  post_hook: 'SQL that runs after the model, in its transaction.',
  pre_hook: 'SQL that runs before the model, in its transaction.',
  retention: 'How long rows are kept.',
  row_security: 'Which roles see which rows.',
  runs: 'Several runs of a model, one after the other, each with its rows.',
  schema: 'The schema in which it is built.',
  secrets: 'Variables of the environment that models may use through {{secret "NAME"}}.',
  seeds: 'The seeds: in project.yml settings by folder, in other files their descriptions.',
  severity: 'Whether a failing test is an error or a warning.',
  snapshots: 'The snapshots: in project.yml settings by folder, in other files their descriptions.',
  sources: 'Tables that something else fills.',
  strategy: 'For snapshots: timestamp or check.',
  surrogate_key: 'The name of a key column that is added; a key stays through every rebuild.',
  tags: 'Words to select by: --select tag:daily.',
  target: 'The target where the command line names none.',
  targets: 'Where to build: each with its own schema, variables and settings.',
  unique_key: 'The column or columns that identify a row.',
  unit_tests: 'Models on rows that are written down, and what has to become of them.',
  updated_at: 'For snapshots of strategy timestamp: the column that says when a row changed.',
  vars: 'Variables: {{var "name"}}.',
  where: 'For tests: only these rows are tested.',
};

/** What keys of an export say. */
const ofExports: typeof descriptions = {
  changed_by: 'A column that grows whenever a row of a part is new or other than before; without it rows are compared.',
  description: 'What it is, for people.',
  enabled: 'False: it is left out.',
  folder: 'A folder, relative to the project.',
  format: 'csv (default), jsonl or parquet.',
  model: 'The model or seed whose rows are exported.',
  partition_by: 'Columns whose values make the folders of the files.',
  partition_columns: 'Whether these columns are in the files, too: path (default) or both.',
  query: 'A query, a template as a model is.',
  s3: 'bucket or bucket/prefix; settings AWS_*.',
  schedule: 'When the watcher exports it: "07:30", or 15 minutes.',
  server: 'Of sftp: what its settings begin with: EXPORT (default) for EXPORT_SFTP_HOST.',
  sftp: 'A folder on an sFTP server.',
  to: 'Where the files go: { folder }, { sftp } or { s3 }.',
};

/**
 * JSON schemas for editors, made of the schemas that read the files: `project` for project.yml, `properties` for the .yml files
 * beside models, seeds and snapshots. Rules that JSON schemas cannot tell are left to the program.
 */
export function jsonSchemas(): Readonly<Record<'project' | 'properties', object>> {
  return {
    project: jsonSchema(projectSchema, 'project.yml of datacycle'),
    properties: jsonSchema(propertiesSchema, 'a .yml file of datacycle beside models, seeds or snapshots'),
  };
}

function jsonSchema(schema: z.ZodType, title: string): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: made, path }) => {
      if (path.at(-2) !== 'properties') return;
      const key = String(path.at(-1)).replaceAll('-', '_');
      const known = path.includes('exports') ? { ...descriptions, ...ofExports } : descriptions;
      const description = Object.hasOwn(known, key) ? known[key] : undefined;
      if (description !== undefined) made.description = description;
    },
  });
  return { $schema, title, ...rest };
}
