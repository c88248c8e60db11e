import type { Problem } from '../../text/errors.ts';
import type { YamlFile, YamlPath } from '../../yaml/yaml-file.ts';

/*
 * Keys that dbt knows and that mean nothing here. Whoever brings a project along need not take them out: each is named once,
 * with what there is instead.
 */

const oneDatabase = 'a project has one database, that of DB_URL';
const quoted = 'names are always quoted';
const noPackages = 'there are no packages';
const otherEngine = 'PostgreSQL has nothing like it';

const ofProject = {
  'config-version': 'there is one version',
  profile: 'targets are in project.yml, and the address of the database in DB_URL',
  'require-dbt-version': 'this is another program',
  'packages-install-path': noPackages,
  dispatch: noPackages,
  'query-comment': 'the name of a session (application_name) says which run and command it is of',
  quoting: quoted,
  'target-path': 'what is compiled is in target/',
  'log-path': 'LOG_DIR in .env says where logs go',
  'clean-targets': '`clean` removes target/',
  'asset-paths': 'no assets are copied',
  'restrict-access': noPackages,
  'dbt-cloud': 'this is another program',
  metrics: 'there is no semantic layer',
  'semantic-models': 'there is no semantic layer',
  'saved-queries': 'there is no semantic layer',
  sources: 'a source has its settings where it is declared',
  exposures: 'an exposure has its settings where it is declared',
} as const;

const ofNodes = {
  database: oneDatabase,
  target_database: oneDatabase,
  quoting: quoted,
  quote_columns: quoted,
  packages: noPackages,
  on_configuration_change: 'a changed materialized view or index is always applied',
  concurrent_batches: 'batches are built in the order of their time',
  deprecation_date: 'nothing is made of it; say it in the description',
  time_spine: 'there is no semantic layer',
  unlogged: 'a crash of the server would empty the table, and what is recorded of it would say that it is built',
  warn_unsupported: 'PostgreSQL supports all constraints',
  warn_unenforced: 'PostgreSQL enforces all constraints',
  policy_tags: otherEngine,
  cluster_by: otherEngine,
  dist: otherEngine,
  sort: otherEngine,
  bind: otherEngine,
  transient: otherEngine,
  copy_grants: otherEngine,
  snowflake_warehouse: otherEngine,
  file_format: otherEngine,
  location_root: otherEngine,
  buckets: otherEngine,
  labels: otherEngine,
  kms_key_name: otherEngine,
  hours_to_expiration: otherEngine,
  require_partition_filter: otherEngine,
} as const;

const ofSources = { overrides: noPackages, external: 'whatever fills the table is no part of the project' } as const;

/** What the key means nothing for; undefined if it is simply unknown. @param path of the mapping that has the key. */
export function whyIgnored(key: string, path: YamlPath, isProject: boolean): string | undefined {
  if (isProject && path.length === 0) return known(ofProject, key);
  if (isProject && path.length === 1 && path[0] === 'flags')
    return `flags are given on the command line, or in the environment as DATACYCLE_${key.toUpperCase()}`;
  return known(ofNodes, key) ?? known(ofSources, key);
}

function known(keys: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** Adds the notice of an ignored key at its place, unless there is one of that key in that file. */
export function noteIgnored(notices: Problem[], yaml: YamlFile, key: string, path: YamlPath, why: string): void {
  const notice = yaml.problem(`"${key}" is not used: ${why}`, path, undefined, key);
  const isKnown = notices.some(({ what, place }) => what === notice.what && place?.file === yaml.file.path);
  if (!isKnown) notices.push(notice);
}
