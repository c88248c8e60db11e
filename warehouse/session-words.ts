/**
 * SQL that names a session of pg_stat_activity in a message, up to where more can follow: `psql (server process 71, user jane`. Of another
 * role's session only its process, user and application name are visible.
 * @param alias of the row, which may be missing; `pid`: its process as an expression.
 */
export function sessionWords(alias: string, pid: string): string {
  return `coalesce(nullif(${alias}.application_name, ''), 'a session') || ' (server process ' || ${pid} || ', user ' || coalesce(${alias}.usename, '?')`;
}
