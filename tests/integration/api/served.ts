import { randomBytes } from 'node:crypto';
import type { KeyRing } from '../../../api/keys/keys.ts';
import { Logins } from '../../../api/keys/logins.ts';
import { tokenRing } from '../../../api/keys/token.ts';
import { resourcesOf } from '../../../api/resource/resources.ts';
import { type RunningApi, startApi } from '../../../api/server/server.ts';
import type { DatabaseKind, TestDatabase } from '../databases.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';

export const token = 'a-token-of-the-tests-of-the-api';
const password = 'pass:word ü%/';

const files = (id: string) => ({
  'project.yml': `name: test\nvars: { id: "${id}" }\nbi: { schema: bi }\n`,
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: readings }] }]',
  'models/readings.sql': `{{config materialized="table" schema="shown"}}
select id, home, sensor, at, day, value, exact, is_valid, note, extra from {{source "raw" "readings"}}`,
  'models/readings.yml': `models:
  - name: readings
    description: What sensors measured
    config: { row_security: { column: home, access: who_sees } }
    api: { order_by: [at], time: at, only: { only_valid: is_valid } }
    bi: { name: Reading of a sensor }
    constraints: [{ type: primary_key, columns: [id] }]
    columns:
      - { name: id, data_type: bigint }
      - { name: home, data_type: int }
      - { name: sensor, data_type: text, description: Where }
      - { name: at, data_type: timestamp with time zone, constraints: [{ type: not_null }] }
      - { name: day, data_type: date }
      - { name: value, data_type: double precision }
      - { name: exact, data_type: "numeric(20,10)" }
      - { name: is_valid, data_type: boolean }
      - { name: note, data_type: text }
      - { name: extra, data_type: jsonb, bi: false }
`,
  'models/days.sql':
    '{{config materialized="view" schema="shown"}}select home, day, count(*) as n from {{ref "readings"}} group by home, day',
  'models/days.yml': `models:
  - name: days
    api: { path: /by/day, key: [home, day], required: [home] }
    columns: [{ name: home, data_type: int }, { name: day, data_type: date }, { name: n, data_type: bigint }]
`,
  'models/hidden.sql': '{{config materialized="table" schema="kept"}}select 1 as id',
  'models/hidden.yml': `models:
  - name: hidden
    api: {}
    constraints: [{ type: primary_key, columns: [id] }]
    columns: [{ name: id, data_type: int }]
`,
  'models/who_sees.sql': `{{config materialized="table" unique_key="principal, home" schema="access"}}
select distinct 'reader_{{var "id"}}_' || home as principal, home from {{ref "readings"}}`,
  'models/who_sees.yml':
    'models: [{ name: who_sees, columns: [{ name: principal, data_type: text }, { name: home, data_type: int }] }]',
});

/** Three homes, a reading a minute; every tenth is not valid, and texts and numbers are what formats stumble over. */
export const madeOf = (rows: number) => `select i::bigint as id, 1 + i % 3 as home, 'sensor ' || i % 5 as sensor,
    timestamptz '2024-01-01 00:00+00' + (i / 2) * interval '1 minute' as at, date '2024-01-01' + i / 2880 as day,
    case when i % 50 = 0 then 'NaN' when i % 7 = 0 then null else i / 8.0 end::double precision as value,
    (i + 0.0000000001)::numeric(20,10) as exact, i % 10 <> 0 as is_valid,
    case i % 4 when 0 then null when 1 then '' when 2 then E'a "b", c\\nd' else 'ü = 1' end as note,
    jsonb_build_object('i', i) as extra
from generate_series(1, ${rows}) i`;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON. */
  readonly body: {
    readonly rows?: readonly Readonly<Record<string, unknown>>[];
    readonly next?: string | null;
    readonly error?: { readonly what: string; readonly hint?: string };
  };
}

/** A project that is built, and served: with logins of PostgreSQL as keys, or with one token. */
export class ServedProject {
  readonly id = randomBytes(4).toString('hex');
  readonly project = new TemporaryProject(files(this.id));
  readonly #kind: DatabaseKind;
  #database: TestDatabase | undefined;
  #keys: KeyRing | undefined;
  api: RunningApi | undefined;

  constructor(kind: DatabaseKind) {
    this.#kind = kind;
  }

  get database(): TestDatabase {
    if (this.#database === undefined) throw new Error('the database is not open yet');
    return this.#database;
  }

  rows(sql: string) {
    return rowsOf(this.database.warehouse, sql);
  }

  async start(rows: number, requestsPerMinute = 1_000_000): Promise<void> {
    this.#database = await this.#kind.open();
    const { url } = this.database;
    await this.rows('create schema raw');
    await this.rows(`create table raw.readings as ${madeOf(rows)}`);
    if (url !== undefined) await this.#makeRoles();
    const { manifest, exposures } = this.project.compile();
    await this.build();
    this.#keys = url === undefined ? tokenRing(this.database.warehouse, token) : new Logins({ url, statementSecs: 20 });
    this.api = await startApi({
      project: 'test',
      environment: 'default',
      resources: resourcesOf(manifest, exposures).all,
      keys: this.#keys,
      warehouse: this.database.warehouse,
      host: '127.0.0.1',
      port: 0,
      requestsPerMinute,
      clock: () => new Date('2024-05-01T00:00:00Z'),
      warn: (text) => this.warnings.push(text),
    });
  }

  readonly warnings: string[] = [];

  async build(): Promise<void> {
    const summary = await this.project.run(this.database.warehouse);
    const bad = summary.results.filter(({ status }) => status === 'error');
    if (bad.length > 0) throw new Error(bad.map(({ message }) => message).join('\n'));
  }

  /** A role for each home; they have to give their password, as those of a server that others reach. */
  async #makeRoles(): Promise<void> {
    await this.rows(`do $$ begin create role datacycle_api_keys;
exception when duplicate_object or unique_violation then null; end $$`);
    await this.rows(`create role readers_${this.id}`);
    for (const role of [1, 2, 3, 9].map((home) => `reader_${this.id}_${home}`))
      await this.rows(
        `create role ${role} login password '${password}' in role readers_${this.id}, datacycle_api_keys`,
      );
    for (const schema of ['shown', 'bi']) {
      await this.rows(`create schema ${schema}`);
      await this.rows(`grant usage on schema ${schema} to readers_${this.id}`);
      await this.rows(`alter default privileges in schema ${schema} grant select on tables to readers_${this.id}`);
    }
  }

  /** The key of a home's reader; on a database without logins the token. */
  key(home: number, secret = password): string {
    if (this.database.url === undefined) return `Bearer ${token}`;
    return `Basic ${Buffer.from(`reader_${this.id}_${home}:${secret}`).toString('base64')}`;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = { authorization: this.key(1) }): Promise<Answer> {
    const response = await fetch(`${this.api?.address}${path}`, { headers });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
  }

  async close(): Promise<void> {
    await this.api?.close();
    await this.#keys?.close();
    this.project.dispose();
    if (this.#database?.url !== undefined) {
      const roles = [1, 2, 3, 9].map((home) => `reader_${this.id}_${home}`);
      for (const role of [...roles, `readers_${this.id}`]) await this.rows(`drop owned by ${role}`);
      for (const role of [...roles, `readers_${this.id}`]) await this.rows(`drop role ${role}`);
    }
    await this.#database?.drop();
  }
}
