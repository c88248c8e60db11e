import { createConnection, createServer, type Server } from 'node:net';
import pg from 'pg';
import type { Outcome } from './command.ts';

/** What init says it did. */
export interface Report {
  readonly done: readonly string[];
  readonly present: readonly string[];
  readonly notices: readonly string[];
}

/** Of a run that ended well. */
export function reportOf(outcome: Outcome): Report {
  if (outcome.code !== 0) throw new Error(outcome.stdout + outcome.stderr);
  return JSON.parse(outcome.stdout) as Report;
}

/** All that init may change, as text; what is of the whole server of these users and this database alone, since other tests change it meanwhile. */
export async function catalogOf(url: string, user: string, id: string, database: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(`
      with own as (select * from pg_authid where rolname like '${user}%' or rolname like 'init_${id}_role%')
      select rolname as name, rolpassword as a, concat_ws(' ', rolsuper, rolcreatedb, rolcreaterole, rolcanlogin) as b from own
      union all select setrole::text, setdatabase::text, setconfig::text from pg_db_role_setting
      where setrole in (select oid from own) or setdatabase = (select oid from pg_database where datname = '${database}')
      union all select datname, datacl::text, datdba::text from pg_database where datname = '${database}'
      union all select nspname, nspacl::text, nspowner::text from pg_namespace where nspname not like 'pg_t%'
      union all select defaclnamespace::text, defaclacl::text, defaclobjtype::text from pg_default_acl
      union all select roleid::text, member::text, '' from pg_auth_members
      where roleid in (select oid from own) or member in (select oid from own)
      union all select relname, relacl::text, relowner::text from pg_class where relnamespace > 16000
      order by 1, 2, 3`);
    return JSON.stringify(rows);
  } finally {
    await client.end();
  }
}

/** What becomes of a statement, or the code of its error. */
export async function outcomeOf(url: string, sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql).then(
      () => 'done',
      (error: pg.DatabaseError) => String(error.code),
    );
  } finally {
    await client.end();
  }
}

/** A server that passes on what is sent to it, and keeps it. */
export function recorder(server: string, sent: Buffer[]): Promise<Server> {
  const { hostname, port } = new URL(server);
  const proxy = createServer((client) => {
    const upstream = createConnection(Number(port), hostname);
    client.on('data', (piece: Buffer) => sent.push(piece));
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)));
}
