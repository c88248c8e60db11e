import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openWarehouse } from '../warehouse/open.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/*
 * What a command is measured against: the same work by hand, as a process of its own, with the same connection and session settings.
 *
 *   list <share>                         reads the names in a folder
 *   ask <database>                       connects and asks one question
 *   load <database> <share> <bronze> [list]   files to Bronze and COPY, each read once and synced; the list has their names, all without
 *   build <database>                     silver.sql and gold.sql
 *   increment <database>                 increment.sql, for what the newest load has brought
 *
 * A database is a URL of PostgreSQL, or the folder of an embedded one.
 */
const [task = '', place = '', ...rest] = process.argv.slice(2);

/** Files read and copied at once. */
const width = 16;

async function load(warehouse: Warehouse, share: string, bronze: string, list: string | undefined): Promise<void> {
  if (list === undefined) {
    await warehouse.query('drop schema if exists floor cascade');
    await warehouse.query('create schema floor');
    await warehouse.query('create table floor.sensor_file (load_id bigint, name text, payload jsonb)');
    await warehouse.query('create index on floor.sensor_file (load_id)');
  }
  const [newest] = (
    await warehouse.query<{ load: string }>('select coalesce(max(load_id), 0) + 1 as load from floor.sensor_file')
  ).rows;
  const files = list === undefined ? readdirSync(share) : readFileSync(list, 'utf8').split('\n');
  await warehouse.transaction((session) =>
    session.copyIn('copy floor.sensor_file from stdin', lines(share, bronze, files, newest?.load ?? '1')),
  );
}

/** The files as lines of COPY, some of them read ahead. */
async function* lines(share: string, bronze: string, names: readonly string[], loadId: string): AsyncGenerator<string> {
  const window: Promise<string>[] = [];
  for (const name of names) {
    window.push(line(share, bronze, name, loadId));
    if (window.length >= width) yield (await window.shift()) ?? '';
  }
  for (const last of window) yield await last;
}

async function line(share: string, bronze: string, name: string, loadId: string): Promise<string> {
  const bytes = await readFile(join(share, name));
  const kept = keep(bronze, name, bytes);
  const payload = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as { api_token?: string };
  delete payload.api_token;
  const text = JSON.stringify(payload).replaceAll('\\', '\\\\');
  await kept;
  return `${loadId}\t${name}\t${text}\n`;
}

/** A copy that is whole or absent, by the simplest correct means. */
async function keep(bronze: string, name: string, bytes: Buffer): Promise<void> {
  const target = join(bronze, name.slice(6, 10), name.slice(3, 5), name.slice(0, 2), name.slice(11, 13), name);
  mkdirSync(dirname(target), { recursive: true });
  const file = await open(`${target}.part`, 'w');
  await file.writeFile(bytes);
  await file.datasync();
  await file.close();
  await rename(`${target}.part`, target);
}

/** The statements of a file in bench/floor. */
function statements(name: string): string[] {
  const text = readFileSync(join('bench', 'floor', `${name}.sql`), 'utf8');
  return text.split(/;\n/).filter((statement) => statement.trim() !== '');
}

async function build(warehouse: Warehouse): Promise<void> {
  for (const statement of [...statements('silver'), ...statements('gold')]) await warehouse.query(statement);
}

/** The query of silver.sql for the newest load, then increment.sql, in one transaction. */
async function increment(warehouse: Warehouse): Promise<void> {
  const silver = statements('silver').find((statement) => statement.includes('create table floor.sensor_events')) ?? '';
  const newest = silver
    .replace('create table floor.sensor_events as', 'create temporary table new_events on commit drop as')
    .replace('from floor.sensor_file as f', '$& where f.load_id = (select max(load_id) from floor.sensor_file)');
  await warehouse.transaction(async (session) => {
    for (const statement of [newest, ...statements('increment')]) await session.query(statement);
  });
}

async function main(): Promise<void> {
  if (task === 'list') {
    if (readdirSync(place).length === 0) throw new Error(`${place} is empty`);
    return;
  }
  const [share = '', bronze = '', list] = rest;
  const isUrl = place.startsWith('postgres');
  const warehouse = await openWarehouse({
    url: isUrl ? place : undefined,
    folder: place,
    purpose: 'floor',
    concurrency: 1,
    settings: { TimeZone: 'UTC' },
  });
  try {
    if (task === 'ask') await warehouse.query('select 1');
    else if (task === 'load') await load(warehouse, share, bronze, list);
    else if (task === 'build') await build(warehouse);
    else if (task === 'increment') await increment(warehouse);
    else throw new Error(`there is no floor ${task}`);
  } finally {
    await warehouse.close();
  }
}

await main();
