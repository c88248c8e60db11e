import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import type { SensorSource } from '../../../loaders/sensors/load-sensors.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** 24.08.2023 00:00 UTC, in minutes since 1970: minute 0 of the files made here. */
export const firstMinute = Date.UTC(2023, 7, 24) / 60_000;

/** Part of every secret written here, so that one search finds them all. */
export const secretMark = 'never-store-me';

export function fileName(owner: string, minute: number): string {
  const iso = new Date((firstMinute + minute) * 60_000).toISOString();
  const [year, month, day, hour, minuteOfHour] = iso.split(/[-T:]/);
  return `${day}.${month}.${year} ${hour}${minuteOfHour}_${owner}_received.json`;
}

/** A whole file as the household sends it, pretty printed. */
export function document(owner: string, minute: number): string {
  return JSON.stringify(
    {
      user: owner,
      api_token: `token-of-${owner}-${secretMark}`,
      datetime: new Date((firstMinute + minute) * 60_000).toISOString(),
      plugs: { Office: { power: 35.1 + minute, total: 81983, switch: 'on' } },
      note: 'a\\b\ttab "quoted" é 😀',
    },
    null,
    2,
  );
}

/** A share, a Bronze folder and the source that names them, in a temporary folder. */
export class SensorShare {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<SensorShare> {
    const share = new SensorShare(await mkdtemp(join(tmpdir(), 'datacycle-sensors-')));
    await mkdir(share.source.share);
    await mkdir(share.source.bronzeRoot);
    return share;
  }

  get source(): SensorSource & { readonly share: string } {
    return {
      share: join(this.folder, 'smb'),
      bronzeRoot: join(this.folder, 'bronze'),
      apartments: [
        { id: 'jimmy', owner: 'JimmyLoup' },
        { id: 'jeremie', owner: 'JeremieVianin' },
      ],
    };
  }

  /** Path of a file in the share. */
  path(name: string): string {
    return join(this.source.share, name);
  }

  /** Writes one good file for each of both owners and each of these minutes; returns their names. */
  async add(...minutes: readonly number[]): Promise<string[]> {
    const names: string[] = [];
    for (const minute of minutes) {
      for (const { owner } of this.source.apartments) {
        const name = fileName(owner, minute);
        await writeFile(this.path(name), document(owner, minute));
        names.push(name);
      }
    }
    return names;
  }

  /** Content of every file in Bronze, by its path with forward slashes. */
  async bronze(): Promise<Map<string, Buffer>> {
    const root = this.source.bronzeRoot;
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.path, entry.name));
    return new Map(
      await Promise.all(
        paths.map(async (path) => [relative(root, path).split(sep).join('/'), await readFile(path)] as const),
      ),
    );
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Everything that is in staging, as text, to be searched. */
export async function allText(warehouse: Warehouse): Promise<string> {
  const { rows } = await warehouse.query<{ text: string }>(
    `select row_to_json(f)::text as text from staging.file f
     union all select row_to_json(s)::text from staging.sensor_file s
     union all select row_to_json(l)::text from staging.load l`,
  );
  return rows.map(({ text }) => text).join('\n');
}

/** Name and payload (as PostgreSQL prints it) of every landed file, by name. */
export async function payloads(warehouse: Warehouse): Promise<Map<string, string>> {
  const { rows } = await warehouse.query<{ name: string; payload: string }>(
    'select name, payload::text as payload from staging.sensor_file order by name, file_id',
  );
  if (new Set(rows.map(({ name }) => name)).size !== rows.length) throw new Error('a file was landed twice');
  return new Map(rows.map(({ name, payload }) => [name, payload]));
}
