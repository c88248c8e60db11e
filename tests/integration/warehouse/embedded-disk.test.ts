import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, openAsBlob, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';

/** A file system that is small enough to be filled takes root and Linux. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0;
const dump = process.env.TEST_EMBEDDED_DUMP ?? '';

describe.runIf(canMount)('the embedded database on a full disk', () => {
  let disk: string;
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'datacycle-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
  });
  afterEach(() => {
    // A database that ended by itself leaves its files open.
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  });
  const open = async () => {
    const beginWith = existsSync(join(disk, 'db', 'PG_VERSION')) ? undefined : await openAsBlob(dump);
    return openWarehouse({ url: undefined, folder: join(disk, 'db'), beginWith, purpose: 'test', concurrency: 1 });
  };
  const full = {
    message: expect.stringMatching(/^the disk of the embedded database in .* is full \(\d+ MB are free\)$/),
    hint: expect.stringMatching(/Make room.*Nothing of the folder is to be deleted/),
  };

  it('says so instead of waiting for ever, and goes on where it was once there is room', async () => {
    const warehouse = await open();
    await warehouse.query('create table kept as select 1 as id');
    await warehouse.query(
      'create table more as select repeat(md5(i::text), 99) as t from generate_series(1, 999) as i',
    );
    const fill = async () => {
      for (;;) await warehouse.query('insert into more select t from more limit 9999');
    };
    await expect(fill()).rejects.toMatchObject(full);
    await warehouse.query('select 1').catch((error) => expect(error).toMatchObject(full));
    await warehouse.close();
    execFileSync('mount', ['-o', 'remount,size=300m', disk]);
    const again = await open();
    expect((await again.query('select id from kept')).rows).toEqual([{ id: 1 }]);
    await again.close();
  });

  it('that has no room for a new one is left as it was', async () => {
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(45 * 1024 * 1024));
    await expect(open()).rejects.toMatchObject(full);
    expect(readdirSync(disk)).toEqual(['ballast']);
  });
});
