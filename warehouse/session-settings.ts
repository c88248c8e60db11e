/**
 * What every session sets: settings that change what a statement means or gives, which a role, a database or a server may
 * have set otherwise. The values are PostgreSQL's own defaults except where a comment says why not.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  // Of days and months in another order than ISO's, none is taken for the other: they are an error.
  DateStyle: 'ISO, YMD',
  timezone_abbreviations: 'Default',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  xmloption: 'content',
  array_nulls: 'on',
  // Otherwise a search through a GIN index finds some of the rows only.
  gin_fuzzy_search_limit: '0',
  transform_null_equals: 'off',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  escape_string_warning: 'on',
  quote_all_identifiers: 'off',
  row_security: 'on',
  check_function_bodies: 'on',
  exit_on_error: 'off',
  // What to_tsvector and to_tsquery do with a text; initdb chooses it by the language of the server.
  default_text_search_config: 'pg_catalog.simple',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  session_replication_role: 'origin',
  // A connection that holds a lock is idle for as long as the work of the others takes.
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

const meaningful = new Set([...Object.keys(sessionSettings), 'search_path', 'role'].map((name) => name.toLowerCase()));

/**
 * Those of a target's settings that change what a statement means or gives, in lower case and in the order of their names. Settings of
 * one's own, which have a dot, are among them: a policy of a table may ask for them though no statement does.
 */
export function settingsThatMatter(settings: Readonly<Record<string, string>> = {}): readonly (readonly string[])[] {
  return Object.entries(settings)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => meaningful.has(name) || name.includes('.'))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/**
 * So that the server notices within seconds that this program is gone without a word, and gives its locks to others. They
 * mean nothing on a Unix socket.
 */
export const keepAliveSettings: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '20',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '35000',
};

/**
 * Sets what differs: a setting that only a superuser may change is no error where it has its value already. Parameters: the
 * names, the values, and the server process that it must be (or null), since behind a pooler the session may be anybody's.
 * Gives the process that it was.
 */
export const setSettings = `with done as materialized (
    select set_config(s.name, s.value, false)
    from unnest($1::text[], $2::text[]) as s (name, value)
    where coalesce(pg_backend_pid() = $3::int, true) and current_setting(s.name, true) is distinct from s.value
)
select pg_backend_pid() as pid, (select count(*) from done) as changed`;
