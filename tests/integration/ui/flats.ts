import { randomBytes } from 'node:crypto';
import { type DatabaseKind, servers, type TestDatabase } from '../databases.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';
import { enter, type Got, type Sent, type Served, send, serve } from './served.ts';

export const password = 'a,pass:word %/ü';

/** A day of two flats: all that jimmy's measure is in the 1,000s, all that jeremie's is in the 2,000s. */
const hours = `with hours as (
    select flat, hour, timestamptz '2024-01-01 00:00+00' + hour * interval '1 hour' as hour_start
    from generate_series(1, 2) as flat, generate_series(0, 199) as hour
)
`;
const minutes = `with minutes as (
    select flat as apartment_key, flat * 10 as room_key, flat * 1000 + minute as value,
        to_char(timestamp '2024-01-01' + minute * interval '1 minute', 'YYYYMMDDHH24MI')::bigint as datetime_key
    from generate_series(1, 2) as flat, generate_series(0, 99) as minute
)
`;
const model = (sql: string) => `{{config materialized="table" schema="gold"}}\n${sql}`;

/** What renters see, too (docs/row-security.md). */
const isClimate = (name: string) => ['dim_apartment', 'dim_room', 'fact_environment_minute'].includes(name);

const files = (id: string): Readonly<Record<string, string>> => ({
  'project.yml': `name: flats
vars:
  apartments: [{ id: jimmy, owner: JimmyLoup }, { id: jeremie, owner: JeremieVianin }]
  access: { apartment_role: flat_${id}_, admin_role: flats_${id}_admin, bi_login: flats_${id}_bi }
`,
  'models/dim_apartment.sql': model(
    "select 1 as apartment_key, 'Jimmy' as name\nunion all\nselect 2 as apartment_key, 'Jeremie' as name",
  ),
  'models/dim_room.sql': model(
    "select 10 as room_key, 1 as apartment_key, 'Own room' as room_name, 'Own room' as room_label\nunion all\nselect 20, 2, 'Strange room', 'Strange room'",
  ),
  'models/dim_target.sql': model("select 1 as target_key, 'presence' as target_name"),
  'models/room_hour.sql': model(`${hours}select flat as apartment_key, flat * 10 as room_key, hour_start,
    to_char(hour_start at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint as hour_key,
    to_char(hour_start at time zone 'UTC', 'YYYYMMDD')::int as date_key, hour % 24 as hour,
    flat * 1000.0 + hour as energy_kwh_meter, null::float8 as energy_kwh_plugs, flat * 1000.0 + hour as temperature_c_mean,
    flat * 1000.0 as humidity_pct_mean, flat * 1000.0 as co2_ppm_mean, flat * 1000.0 as noise_db_mean,
    flat * 1000 as presence_minutes, flat * 1000 as window_open_minutes
from hours`),
  'models/fact_energy_minute.sql': model(
    `${minutes}select apartment_key, room_key, datetime_key, value as power_w, true as is_valid from minutes`,
  ),
  'models/fact_environment_minute.sql': model(`${minutes}select apartment_key, room_key, datetime_key,
    value as temperature_c, value as humidity_pct, value as co2_ppm, value as noise_db, true as window_open_flag, false as is_anomaly
from minutes`),
  'models/fact_presence_minute.sql': model(
    `${minutes}select apartment_key, room_key, datetime_key, true as presence_flag from minutes`,
  ),
  'models/fact_prediction.sql': model(
    `${minutes}select apartment_key, room_key, datetime_key, 1 as target_key, 1 as model_key, 15 as horizon_minutes,
    null::text as role, value as predicted_value, value as actual_value
from minutes`,
  ),
  'models/who_sees.sql': `{{config materialized="table" unique_key="principal, apartment_key" schema="access"}}
select 'flat_${id}_jimmy' as principal, apartment_key from {{ref "dim_apartment"}} where apartment_key = 1
union
select 'flat_${id}_jeremie' as principal, apartment_key from {{ref "dim_apartment"}} where apartment_key = 2`,
  'models/who_owns.sql': `{{config materialized="table" unique_key="principal, apartment_key" schema="access"}}
select principal, apartment_key from {{ref "who_sees"}}
where principal <> '{{var "renter" "nobody"}}'`,
  'models/models.yml': `models:
  - { name: who_owns, columns: [{ name: principal, data_type: text }, { name: apartment_key, data_type: int }] }
  - { name: who_sees, columns: [{ name: principal, data_type: text }, { name: apartment_key, data_type: int }] }
  - { name: dim_target, config: { row_security: false } }
${[
  'dim_apartment',
  'dim_room',
  'room_hour',
  'fact_energy_minute',
  'fact_environment_minute',
  'fact_presence_minute',
  'fact_prediction',
]
  .map(
    (name) =>
      `  - { name: ${name}, config: { row_security: { column: apartment_key, access: ${isClimate(name) ? 'who_sees' : 'who_owns'} } }, columns: [{ name: apartment_key, data_type: int }] }`,
  )
  .join('\n')}
`,
});

/** Two flats with data, and the pages with a link for each of their residents; on a server those are logins with passwords. */
export class Flats {
  readonly id = randomBytes(4).toString('hex');
  readonly project = new TemporaryProject(files(this.id));
  readonly #kind: DatabaseKind;
  #database: TestDatabase | undefined;
  #served: Served | undefined;

  constructor(kind: DatabaseKind) {
    this.#kind = kind;
  }

  get served(): Served {
    if (this.#served === undefined) throw new Error('the pages are not served yet');
    return this.#served;
  }

  role(flat: 'jimmy' | 'jeremie'): string {
    return `flat_${this.id}_${flat}`;
  }

  /** Runs SQL as the user of the pages, or as a superuser, who may change roles. */
  async sql(text: string) {
    return rowsOf(this.#database?.warehouse ?? (await this.served.site.warehouse()), text);
  }

  async start(): Promise<void> {
    const isServer = servers.includes(this.#kind);
    if (isServer) await this.#makeLogins();
    else this.project.write({ '.env': 'UI_RESIDENTS=jimmy,jeremie\n' });
    await this.serve();
    await this.build();
  }

  async serve(): Promise<void> {
    this.#served = await serve(this.project.root);
  }

  async stop(): Promise<void> {
    await this.#served?.close();
    this.#served = undefined;
  }

  /** Presses the button. */
  async build(): Promise<void> {
    this.served.jobs.start('build', {}, 'test');
    await this.served.ended();
    const [job] = this.served.jobs.list();
    if (job?.state !== 'done') throw new Error(job?.lines.map(({ text }) => text).join('\n'));
  }

  /** The database's own keys: `datacycle_api_keys` have to give their passwords (tests/servers). */
  async #makeLogins(): Promise<void> {
    this.#database = await this.#kind.open();
    const { url } = this.#database;
    await this.sql(`do $$ begin create role datacycle_api_keys;
exception when duplicate_object or unique_violation then null; end $$`);
    for (const flat of ['jimmy', 'jeremie'] as const)
      await this.sql(`create role ${this.role(flat)} login password '${password}' in role datacycle_api_keys`);
    const both = `${this.role('jimmy')}, ${this.role('jeremie')}`;
    await this.sql(`create schema gold; grant usage on schema gold to ${both};
alter default privileges in schema gold grant select on tables to ${both}`);
    const secret = encodeURIComponent(password);
    this.project.write({
      '.env': `DB_URL=${url}\nUI_RESIDENTS=${this.role('jimmy')},${this.role('jeremie')}\nUI_RESIDENT_PASSWORDS=${secret},${secret}\n`,
    });
  }

  /** Lets a resident in. */
  async enter(flat: 'jimmy' | 'jeremie'): Promise<{ cookie: string; pageKey: string }> {
    const { residents, listensOn } = this.served.server;
    const link = residents[flat === 'jimmy' ? 0 : 1];
    return enter(listensOn, link?.address ?? '');
  }

  ask(path: string, cookie: string, more: Sent = {}): Promise<Got> {
    return send(this.served.server.listensOn, { path, ...more, headers: { cookie, ...more.headers } });
  }

  async close(): Promise<void> {
    await this.stop();
    this.project.dispose();
    if (this.#database === undefined) return;
    for (const flat of ['jimmy', 'jeremie'] as const)
      await this.sql(`drop owned by ${this.role(flat)}; drop role ${this.role(flat)}`);
    await this.#database.drop();
  }
}
