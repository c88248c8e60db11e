import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eraseLanded } from '../../../loaders/erasure/erase-landed.ts';
import { countLanded, exportLanded } from '../../../loaders/erasure/export-landed.ts';
import { beginErasure } from '../../../loaders/tombstones/tombstone.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, jeremie, jimmy, jimmysWords, now } from './erasure-household.ts';
import { fileName, secretMark } from './sensor-share.ts';

describe.each(oneDatabase)('exporting what was landed, on $name', ({ open }) => {
  let database: TestDatabase;
  let household: Household;
  let folder: string;

  beforeEach(async () => {
    database = await open();
    household = await Household.land(database.warehouse);
    folder = join(household.share.folder, 'export');
  });
  afterEach(async () => {
    await database.drop();
    await household.share.remove();
  });

  const exported = (subject = jimmy) =>
    exportLanded(database.warehouse, { bronzeRoot: household.share.source.bronzeRoot, subject }, folder);

  const counted = () =>
    countLanded(database.warehouse, { bronzeRoot: household.share.source.bronzeRoot, subject: jimmy });

  async function files(): Promise<Map<string, string>> {
    const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
    const found = new Map<string, string>();
    for (const path of paths.sort()) {
      if ((await stat(join(folder, path))).isFile()) found.set(path, await readFile(join(folder, path), 'utf8'));
    }
    return found;
  }

  it('has every row and file of the apartment, none of the other, and no token', async () => {
    const before = [...(await household.staging()), ...(await household.bronze()).keys()];
    expect(await exported()).toEqual({
      rows: { sensor_file: 20, file: 24, prediction: 1, registry_row: 38 },
      bronzeFiles: 23,
      snapshotRows: 38,
      leftOut: { count: 2, first: expect.anything() },
    });
    expect(await counted()).toMatchObject({
      ids: { buildings: ['2', '7'] },
      rows: { sensor_file: 20, file: 24, prediction: 1, registry_row: 38 },
      bronzeFiles: 26,
      snapshotRows: 38,
    });
    expect([...(await household.staging()), ...(await household.bronze()).keys()]).toEqual(before);
    const found = await files();
    const all = [...found].map(([path, text]) => `${path}\n${text}`).join('\n');
    for (const word of jimmysWords) expect(all.toLowerCase(), word).toContain(word.toLowerCase());
    for (const word of [jeremie.id, 'vianin', 'Chemin Inconnu', 'Écran du salon', secretMark]) {
      expect(all.toLowerCase(), word).not.toContain(word.toLowerCase());
    }
    expect([...found.keys()].filter((path) => path.startsWith('staging/'))).toEqual([
      'staging/file.csv',
      'staging/prediction.csv',
      'staging/registry_row.csv',
      'staging/sensor_file.csv',
    ]);
    const sensorFiles = found.get('staging/sensor_file.csv')?.trimEnd().split('\n') ?? [];
    expect(sensorFiles[0]).toBe('name,payload');
    expect(sensorFiles).toHaveLength(21);
    // Files that are compressed in Bronze come unpacked, without whitespace and token.
    const first = found.get(`bronze/jimmy/2023/08/24/00/${fileName(jimmy.owner, 0)}`) ?? '';
    expect(JSON.parse(first)).toMatchObject({ user: 'JimmyLoup', plugs: { Office: { power: 35.1 } } });
    // In a truncated one nobody can say where the token is.
    expect(found.get(`bronze/jimmy/2023/08/24/00/${fileName(jimmy.owner, 30)}`)).toBeUndefined();
    const rooms = found.get('bronze/registry/2023/08/22/20230822T080000Z/rooms.jsonl')?.trimEnd().split('\n') ?? [];
    expect(rooms.map((line) => (JSON.parse(line) as { idRoom: number }).idRoom)).toEqual([20, 21, 22, 23, 26, 70]);
  });

  it('has nothing after the erasure', async () => {
    await beginErasure(database.warehouse, jimmy, now);
    await eraseLanded(database.warehouse, { bronzeRoot: household.share.source.bronzeRoot, subject: jimmy });
    expect(await exported()).toMatchObject({
      rows: { sensor_file: 0, file: 0, prediction: 0, registry_row: 0 },
      bronzeFiles: 0,
      snapshotRows: 0,
    });
    await expect(files()).rejects.toThrow(/ENOENT/);
  });
});
