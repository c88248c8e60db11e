import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { visitLanded } from '../../../loaders/erasure/landed.ts';
import type { SubjectAct } from '../../../loaders/erasure/request.ts';
import { beginErasure } from '../../../loaders/tombstones/tombstones.ts';
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

  const visit = (act: SubjectAct) =>
    visitLanded(database.warehouse, { bronzeRoot: household.share.source.bronzeRoot, subject: jimmy }, act);
  const exported = () => visit({ kind: 'export', folder });

  async function files(): Promise<Map<string, string>> {
    const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
    const found = new Map<string, string>();
    for (const path of paths.sort()) {
      if ((await stat(join(folder, path))).isFile()) found.set(path, await readFile(join(folder, path), 'utf8'));
    }
    return found;
  }

  it('has every row of the apartment, none of the other, no token, and says where its files are', async () => {
    const before = [...(await household.staging()), ...(await household.bronze()).keys()];
    const rows = { sensor_file: 20, file: 22, prediction: 1, registry_row: 38, model: 0 };
    const counts = {
      ...Object.fromEntries(Object.entries(rows).map(([table, count]) => [`staging.${table}`, count])),
      'registry in Bronze': 38,
      'sensor files in Bronze': 23,
    };
    expect(await exported()).toMatchObject({ counts, damaged: [] });
    expect(await visit({ kind: 'count' })).toEqual({
      ids: { buildings: ['2', '7'], rooms: expect.anything(), devices: expect.anything() },
      counts,
      damaged: [],
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
    // Where the file itself is.
    const path = `jimmy/2023/08/24/00/${fileName(jimmy.owner, 30)}`;
    expect(found.get('staging/file.csv')).toContain(path);
    const rooms = found.get('registry/2023/08/22/20230822T080000Z/rooms.jsonl')?.trimEnd().split('\n') ?? [];
    expect(rooms.map((line) => (JSON.parse(line) as { idRoom: number }).idRoom)).toEqual([20, 21, 22, 23, 26, 70]);
    expect([...found.keys()].filter((name) => !/^(staging|registry)\//.test(name))).toEqual([]);
  });

  it('has nothing after the erasure', async () => {
    await beginErasure(database.warehouse, jimmy, now);
    await visit({ kind: 'erase' });
    expect(Object.values((await exported()).counts)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    await expect(files()).rejects.toThrow(/ENOENT/);
  });
});
