import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compressBronze } from '../../../loaders/housekeeping/compress.ts';
import type { LoadMode, LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadRegistry } from '../../../loaders/registry/load-registry.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import type { Queryable, Warehouse } from '../../../warehouse/warehouse.ts';
import { writeSnapshot } from './registry-folder.ts';
import { document, fileName, SensorShare } from './sensor-share.ts';

export const jimmy = { id: 'jimmy', owner: 'JimmyLoup' };
export const jeremie = { id: 'jeremie', owner: 'JeremieVianin' };

/** An hour after the newest file. */
export const now = () => new Date('2023-08-24T01:30:00Z');
export const snapshotTimes = [new Date('2023-08-22T08:00:00Z'), new Date('2023-08-23T08:00:00Z')] as const;

/** What must be nowhere once Jimmy is erased: his id and name, and what the fixture says of his buildings 2 and 7. */
export const jimmysWords: readonly string[] = [
  'jimmy',
  'Ruelle du Secret 12',
  'Ayent-le-Planté',
  'Bonvin-Planté',
  'Frigo de Mamie Germaine',
  'Lave-linge de Papi Ernest',
  'Sèche-linge de Tante Odile',
  '192.168.77.41',
  '192.168.77.42',
  'FATAL gateway crash near Germaine',
  'Request failed for Papi',
  '123.456789012345678',
];

/** Everything of both apartments landed: good, bad and oddly named files, two snapshots, predictions. */
export class Household {
  readonly warehouse: Warehouse;
  readonly share: SensorShare;

  private constructor(warehouse: Warehouse, share: SensorShare) {
    this.warehouse = warehouse;
    this.share = share;
  }

  static async land(warehouse: Warehouse): Promise<Household> {
    const share = await SensorShare.create();
    const household = new Household(warehouse, share);
    await share.add(...Array.from({ length: 20 }, (_, minute) => minute));
    for (const owner of [jimmy.owner, jeremie.owner]) {
      await writeFile(share.path(fileName(owner, 30)), document(owner, 30).slice(0, 90));
      await writeFile(share.path(`99.99.2023 2561_${owner}_received.json`), '{}');
    }
    await household.load('full');
    const { bronzeRoot } = share.source;
    await writeSnapshot(bronzeRoot, snapshotTimes[0]);
    await writeSnapshot(bronzeRoot, snapshotTimes[1]);
    await household.loadRegistry();
    const before = new Date('2023-08-24T00:10:00Z');
    await compressBronze(warehouse, { source: 'sensors', bronzeRoot, before, dryRun: false });
    await compressBronze(warehouse, { source: 'registry', bronzeRoot, before: snapshotTimes[1], dryRun: false });
    await household.predict(jimmy.id);
    await household.predict(jeremie.id);
    // What nobody but a person put there.
    await mkdir(join(bronzeRoot, 'jimmy', 'by hand'));
    await writeFile(join(bronzeRoot, 'jimmy', 'by hand', 'notes.txt'), 'JimmyLoup');
    return household;
  }

  load(mode: LoadMode): Promise<LoadSummary> {
    return loadSensors(this.warehouse, this.share.source, { mode, clock: now });
  }

  loadRegistry(): Promise<LoadSummary> {
    const source = { url: '', bronzeRoot: this.share.source.bronzeRoot };
    return loadRegistry(this.warehouse, source, { mode: 'from-bronze', clock: now });
  }

  async predict(apartment: string): Promise<void> {
    await this.warehouse.query('insert into staging.prediction (record) values ($1::text::jsonb)', [
      JSON.stringify({ apartment, room: 'Office', value: 1 }),
    ]);
  }

  /** Everything in schema staging but the tombstones, a line a row with its table. */
  async staging(): Promise<string[]> {
    const { rows: tables } = await this.warehouse.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'staging'::regnamespace and relkind = 'r' order by 1`,
    );
    const lines: string[] = [];
    for (const { name } of tables) {
      const { rows } = await this.warehouse.query<{ line: string }>(
        `select to_jsonb(t)::text as line from staging."${name}" as t order by 1`,
      );
      lines.push(...rows.map(({ line }) => `${name} ${line}`));
    }
    return lines;
  }

  /** Content of every file in Bronze, decompressed, by its path. */
  async bronze(): Promise<Map<string, Buffer>> {
    const files = await this.share.bronze();
    return new Map([...files].map(([path, bytes]) => [path, path.endsWith('.gz') ? gunzipSync(bytes) : bytes]));
  }

  /** Where any of these words is, in staging or in Bronze, whatever its letter case. */
  async whereabouts(words: readonly string[]): Promise<string[]> {
    const has = (text: string) => words.some((word) => text.toLowerCase().includes(word.toLowerCase()));
    const files = [...(await this.bronze())].map(([path, bytes]) => `${path} ${bytes.toString('utf8')}`);
    return [...(await this.staging()), ...files].filter(has).map((line) => line.slice(0, 300));
  }

  /** Whatever is not Jimmy's: rows of staging, and SHA-256 of the files in Bronze; of the registry, its rows. */
  async others(): Promise<string[]> {
    const rows = (await this.staging()).filter(
      (line) => !isJimmys(line) && !/^(?:load|attempt|change|tombstone) /.test(line),
    );
    const files = [...(await this.share.bronze())].flatMap(([path, bytes]) => {
      if (path.startsWith('registry/')) return [];
      if (isJimmys(path)) return [];
      return [`${path} ${createHash('sha256').update(bytes).digest('hex')}`];
    });
    const registry = [...(await this.bronze())].flatMap(([path, bytes]) =>
      path.startsWith('registry/')
        ? bytes
            .toString('utf8')
            .split('\n')
            .map((line) => `${path} ${line.replace(/,$/, '')}`)
            .filter((line) => line.includes('{') && !isJimmys(line))
        : [],
    );
    return [...rows.filter((line) => !/^(?:file .*registry|migration)/.test(line)), ...files, ...registry].sort();
  }
}

/** By the ids of the fixture, another way than the program's. */
function isJimmys(line: string): boolean {
  return (
    /jimmy/i.test(line) ||
    /"idBuilding": ?[27]\b/.test(line) ||
    /"idRoom": ?(?:2[0-6]|70)\b/.test(line) ||
    /"idDevice": ?2\d\d\b/.test(line)
  );
}

/** How many rows a query gives. */
export async function countOf(on: Queryable, from: string): Promise<number> {
  return (await on.query<{ n: number }>(`select count(*)::int as n from ${from}`)).rows[0]?.n ?? Number.NaN;
}
