import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { kinds } from './bad-files.ts';
import { allText, fileName, payloads, SensorShare, secretMark } from './sensor-share.ts';

/** A link to a file that lies in the share. */
const linkName = fileName('JimmyLoup', 405);

const posix = process.platform !== 'win32';

/** Every kind with a name, each at a minute of its own, and its content. */
const files = kinds.map((kind, index) => {
  const found = kind.name ?? fileName('JimmyLoup', index).replace(/\.json$/, kind.extension ?? '.json');
  return { ...kind, found, name: found.replace(/\.json(\.gz)?$/i, '.json'), bytes: Buffer.from(kind.content) };
});

describe.each(databases)('files of all kinds in one batch, on $name', (database) => {
  let db: TestDatabase;
  let share: SensorShare;
  let goodNames: string[];
  let summary: LoadSummary;
  let bronze: ReadonlyMap<string, Buffer>;

  beforeAll(async () => {
    db = await database.open();
    share = await SensorShare.create();
    for (const file of files) await writeFile(share.path(file.found), file.bytes);
    goodNames = await share.add(...Array.from({ length: 120 }, (_, index) => 600 + index));
    if (posix) goodNames.push(linkName);
    await mkdir(share.path(fileName('JimmyLoup', 400)));
    if (posix) {
      await symlink('/nowhere/at/all', share.path(fileName('JimmyLoup', 401)));
      await writeFile(`${share.source.share}-secret`, '{"plugs":{}}');
      await symlink(`${share.source.share}-secret`, share.path(fileName('JimmyLoup', 403)));
      await mkdir(share.path('behind'));
      await writeFile(join(share.path('behind'), 'a file.txt'), '{"plugs":{}}');
      await symlink(join('behind', 'a file.txt'), share.path(linkName));
      await writeFile(Buffer.from(share.path('24.08.2023 0644_J\xe9r\xf4me_received.json'), 'latin1'), '{}');
      execFileSync('mkfifo', [share.path(fileName('JimmyLoup', 402))]);
    }
    await writeFile(share.path('readme.txt'), 'not for us');
    summary = await loadSensors(db.warehouse, share.source, { mode: 'new', clock: () => new Date() });
    bronze = await share.bronze();
  });

  afterAll(async () => {
    await db?.drop();
    await share?.remove();
  });

  it('has enough kinds', () => {
    expect(files.filter(({ reason }) => reason !== undefined).length).toBeGreaterThanOrEqual(45);
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
  });

  it('lands the good ones in one load, and says what it did', async () => {
    const landed = files.filter(({ lands }) => lands !== undefined).length + goodNames.length;
    expect(bronze.get(`jimmy/2023/08/24/06/${linkName}`)?.toString()).toBe(posix ? '{"plugs":{}}' : undefined);
    expect(summary).toMatchObject({ listed: 'listing', landed, loads: [expect.any(Number)] });
    expect(summary.rejected.count).toBe(files.length + goodNames.length - landed);
    expect(summary.rejected.first).toHaveLength(20);
    expect(summary.skipped.first.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: fileName('JimmyLoup', 400), reason: 'it is a folder' },
      ...(posix
        ? [
            { name: fileName('JimmyLoup', 401), reason: 'it is gone' },
            { name: fileName('JimmyLoup', 402), reason: 'it is not a file' },
            {
              name: fileName('JimmyLoup', 403),
              reason: 'it is a link that leads out of the folder, and is not followed',
            },
            {
              name: '24.08.2023 0644_J\ufffdr\ufffdme_received.json',
              reason: 'its name is not UTF-8: rename it, or mount the share with UTF-8 names',
            },
          ]
        : []),
    ]);
  });

  it.each(files)('$label', async ({ name, found, bytes, lands, reason }) => {
    const { rows } = await db.warehouse.query(
      `select f.status, f.reason, f.bronze_path, f.bytes, f.sha256, s.payload::text as payload, $2::text::jsonb::text as expected
       from staging.file f left join staging.sensor_file s using (file_id)
       where f.source = 'sensors' and f.name = $1`,
      [name, lands ?? null],
    );
    const row = rows[0] ?? {};
    expect(row).toMatchObject({
      status: lands === undefined ? 'rejected' : 'landed',
      reason: reason ?? null,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(row.payload).toBe(row.expected);
    const path = String(row.bronze_path);
    expect(path).toBe(
      /owner|name/.test(reason ?? '') ? `rejected/${found}` : `jimmy/2023/08/24/${found.slice(11, 13)}/${found}`,
    );
    expect(bronze.get(path)?.equals(bytes)).toBe(true);
  });

  it.runIf(posix)('lets nobody else read Bronze', async () => {
    const modes = new Set<string>();
    for (const entry of await readdir(share.source.bronzeRoot, { recursive: true })) {
      const found = await stat(join(share.source.bronzeRoot, entry));
      modes.add(`${found.isFile()} ${(found.mode & 0o777).toString(8)}`);
    }
    expect([...modes].sort()).toEqual(['false 700', 'true 600']);
  });

  it('counts in the load what is in the ledger', async () => {
    const { rows } = await db.warehouse.query(
      `select l.files, l.records, l.rejected, l.listing_completed, l.finished_at is not null as finished,
              (select count(*) from staging.file) as in_ledger, (select count(*) from staging.sensor_file) as in_staging
       from staging.load l`,
    );
    expect(rows).toEqual([
      {
        files: files.length + goodNames.length,
        records: summary.landed,
        rejected: summary.rejected.count,
        listing_completed: true,
        finished: true,
        in_ledger: files.length + goodNames.length,
        in_staging: summary.landed,
      },
    ]);
  });

  it('keeps the secrets out of the database and the summary', async () => {
    const text = await allText(db.warehouse);
    expect(text).toContain('JimmyLoup');
    for (const where of [text, JSON.stringify(summary)]) {
      expect(where).not.toContain(secretMark);
      expect(where).not.toContain('4711471147114711');
    }
    expect([...(await payloads(db.warehouse)).values()].join()).not.toContain('api_token');
  });

  it('does nothing the second time', async () => {
    for (const mode of ['full', 'new', 'from-bronze'] as const) {
      const again = await loadSensors(db.warehouse, share.source, { mode, clock: () => new Date() });
      expect(again).toMatchObject({ landed: 0, loads: [] });
    }
  });
});
