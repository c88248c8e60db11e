import { mkdirSync } from 'node:fs';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/*
 * The floor of `load`: one process, files read a few at a time, token taken out, streamed into COPY. With a Bronze folder
 * it also keeps a copy of each file that is whole or absent, by the simplest correct means (write, sync, rename).
 * Arguments: database URL, share, and perhaps a Bronze folder.
 */
const [url = '', share = '', bronze] = process.argv.slice(2);
const width = 16;

async function keep(name: string, bytes: Buffer): Promise<void> {
  if (bronze === undefined) return;
  const target = join(bronze, name.slice(6, 10), name.slice(3, 5), name.slice(0, 2), name.slice(11, 13), name);
  mkdirSync(dirname(target), { recursive: true });
  const file = await open(`${target}.part`, 'w');
  await file.writeFile(bytes);
  await file.datasync();
  await file.close();
  await rename(`${target}.part`, target);
}

async function line(name: string): Promise<string> {
  const bytes = await readFile(join(share, name));
  const kept = keep(name, bytes);
  const payload = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as { api_token?: string };
  delete payload.api_token;
  const text = JSON.stringify(payload).replaceAll('\\', '\\\\');
  await kept;
  return `1\t${name}\t${text}\n`;
}

async function* lines(names: readonly string[]): AsyncGenerator<string> {
  const window: Promise<string>[] = [];
  for (const name of names) {
    window.push(line(name));
    if (window.length >= width) yield (await window.shift()) ?? '';
  }
  for (const rest of window) yield await rest;
}

const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query('drop schema if exists floor cascade');
await client.query('create schema floor');
await client.query('create table floor.sensor_file (load_id bigint, name text, payload jsonb)');
await client.query('begin');
await pipeline(Readable.from(lines(await readdir(share))), client.query(copyFrom('copy floor.sensor_file from stdin')));
await client.query('commit');
await client.query('create index on floor.sensor_file (load_id)');
await client.end();
