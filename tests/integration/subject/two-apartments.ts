import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { writeSampleRegistry } from '../../../cli/demo/sample-registry.ts';
import { recordFailure } from '../../../loaders/landing/attempt.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import type { Compiled } from '../../../runner/compile/compile.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { apartments, Household, sampleMinutes } from '../main-job/household.ts';
import { predict, record } from '../main-job/prediction-records.ts';

export const clock = () => new Date('2023-11-01T00:00:00Z');

type Row = Readonly<Record<string, unknown>>;

/** Both apartments with everything there may be of them: readings, rejects, registry, predictions, logs, artifacts. */
export class TwoApartments {
  readonly home: Household;
  readonly logs: string;
  readonly #warehouse: Warehouse;

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
    this.home = new Household(warehouse);
    // The project has no materialized view of its own.
    const silver = join(this.home.project, 'models', 'silver');
    writeFileSync(
      join(silver, 'room_readings.sql'),
      '{{config materialized="materialized_view" unique_key="apartment, room"}}\nselect apartment, room, count(*) as readings from {{ref "sensor_events"}} group by apartment, room\n',
    );
    writeFileSync(
      join(silver, 'room_readings.yml'),
      'models: [{ name: room_readings, columns: [{ name: apartment, data_type: text }, { name: room }] }]\n',
    );
    this.logs = join(this.home.folder, 'logs');
  }

  /** The same with its own files, on a database that is a copy of this one's. */
  copyOn(warehouse: Warehouse): TwoApartments {
    const copy = new TwoApartments(warehouse);
    cpSync(this.home.folder, copy.home.folder, { recursive: true, preserveTimestamps: true });
    return copy;
  }

  compile(): Compiled {
    return this.home.compile({ BRONZE_ROOT: this.home.bronze, LOG_DIR: this.logs });
  }

  /** @param select the models to build; all if not given. */
  async fill(select?: string[]): Promise<void> {
    const { home } = this;
    home.put(sampleMinutes('12.10.2023', (minute) => minute % 30 === 0));
    home.put(
      ['JimmyLoup', 'JeremieVianin'].flatMap((owner) => [
        {
          name: `12.10.2023 0001_${owner}_received.json`,
          content: `{"user":"${owner}","api_token":"secret-${owner}","plugs":{"Kitchen":{"power":"${owner} says no"}}}`,
        },
        { name: `12.10.2023 0003_${owner}_received.json`, content: `{"user":"${owner}"` },
      ]),
    );
    await home.load();
    await writeSampleRegistry(home.bronze);
    await this.loadRegistry();
    await recordFailure(this.#warehouse, 'sensors', clock(), 'cannot write jimmy/2023/08/24/00/a file into Bronze');
    await this.#warehouse.query(
      `update staging.attempt set unread = '{"count": 1, "first": [{"name": "x_JimmyLoup.json", "reason": "no permission"}]}'`,
    );
    await predict(
      this.#warehouse,
      ['jimmy', 'jeremie'].flatMap((apartment) => [
        record({ apartment, room: 'Living Room' }),
        record({ apartment, room: 'Office', value: 'maybe' }),
        record({ apartment: apartment.toUpperCase(), room: 'Office' }),
      ]),
    );
    // Without the tests of data, which others prove.
    for (const command of ['seed', 'run'] as const)
      await home.build(select === undefined ? { command } : { command, select });
    this.writeLogs();
  }

  /** As the operator does before erasing jimmy. */
  takeAccess(): void {
    const path = join(this.home.project, 'seeds', 'user_apartments.csv');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.filter((line) => !line.includes(',jimmy,')).join('\n'));
  }

  async loadRegistry(): Promise<void> {
    await loadRegistry(
      this.#warehouse,
      { url: undefined, bronzeRoot: this.home.bronze, apartments },
      { mode: 'from-bronze', clock },
    );
  }

  writeLogs(): void {
    const lines = [
      '{"text":"12.10.2023 0003_JimmyLoup_received.json is no JSON"}',
      '{"text":"jeremie, jimmy and Loup"}',
      '{"text":"built"}',
    ];
    mkdirSync(this.logs, { recursive: true });
    writeFileSync(join(this.logs, 'datacycle.log'), `${lines.join('\n')}\n`);
    writeFileSync(join(this.logs, 'datacycle-watch.log.1.gz'), gzipSync(lines.join('\n')));
    writeFileSync(join(this.logs, 'of-others.log'), 'jimmy');
    for (const [name, text] of [
      ['dim_apartment.sql', `select 'jimmy'`],
      ['dim_date.sql', 'select 1'],
    ] as const) {
      mkdirSync(join(this.home.project, 'target', 'compiled'), { recursive: true });
      writeFileSync(join(this.home.project, 'target', 'compiled', name), text);
    }
  }

  /** The text of one log, unpacked. */
  log(name: string): string {
    const bytes = readFileSync(join(this.logs, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  }

  /** Every row of every table of silver, gold and seeds that `isWanted`, as text in an order of its own. */
  async rows(isWanted: (row: Row, table: string) => boolean = () => true): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (const table of await this.#tables(['silver', 'gold', 'seeds', 'access'])) {
      const { rows } = await this.#warehouse.query<{ row: Row; text: string }>(
        `select to_jsonb(t) as row, to_jsonb(t)::text as text from ${table} as t order by 2`,
      );
      found.set(
        table,
        rows.filter(({ row }) => isWanted(row, table)).map(({ text }) => text),
      );
    }
    return found;
  }

  /** Where a text stands, whatever its letter case: every table of every schema, the planner's statistics, and Bronze. */
  async search(text: string): Promise<string[]> {
    const found: string[] = [];
    for (const table of await this.#tables(undefined)) {
      const { rows } = await this.#warehouse.query(`select from ${table} as t where (t.*)::text ilike $1 limit 1`, [
        `%${text}%`,
      ]);
      if (rows.length > 0) found.push(table);
    }
    const { rows } = await this.#warehouse.query<{ column: string }>(
      `select tablename || '.' || attname as column from pg_stats
       where schemaname not in ('pg_catalog', 'information_schema') and (most_common_vals::text ilike $1 or histogram_bounds::text ilike $1)`,
      [`%${text}%`],
    );
    found.push(...rows.map(({ column }) => `statistics of ${column}`));
    for (const folder of [this.home.bronze, this.logs, join(this.home.project, 'target')]) {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (name === 'of-others.log') continue;
        const content = name.endsWith('.gz')
          ? gunzipSync(readFileSync(join(folder, name))).toString('utf8')
          : textOf(join(folder, name));
        if (`${name}\n${content}`.toLowerCase().includes(text.toLowerCase()))
          found.push(`${basename(folder)}/${name.split(sep)[0]}`);
      }
    }
    return [...new Set(found)];
  }

  async #tables(schemas: readonly string[] | undefined): Promise<string[]> {
    const { rows } = await this.#warehouse.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
           and ($1::text[] is null or table_schema = any($1))
       union all
       select format('%I.%I', schemaname, matviewname) from pg_matviews
       where $1::text[] is null or schemaname = any($1)
       order by 1`,
      [schemas ?? null],
    );
    return rows.map(({ name }) => name);
  }
}

/** A folder has none. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a row of the sample is jimmy's, by the numbers that the sample gives its building, rooms and key. */
export function isJimmys(row: Row, table: string, jimmysKey: unknown): boolean {
  return (
    String(row.apartment).toLowerCase() === 'jimmy' ||
    row.apartment_id === 'jimmy' ||
    row.apartment_key === jimmysKey ||
    row.building_id === 1 ||
    (table.startsWith('silver.') && typeof row.room_id === 'number' && row.room_id <= 5)
  );
}
