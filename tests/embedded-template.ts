import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/**
 * Makes one empty embedded database for the whole test run, since making one takes seconds and copying it does not: puts the
 * path of its folder in TEST_EMBEDDED_TEMPLATE, that of a dump in TEST_EMBEDDED_DUMP.
 */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-embedded-'));
  const template = join(folder, 'db');
  const dump = join(folder, 'db.tar');
  const database = await PGlite.create(template);
  writeFileSync(dump, Buffer.from(await (await database.dumpDataDir('none')).arrayBuffer()));
  await database.close();
  process.env.TEST_EMBEDDED_TEMPLATE = template;
  process.env.TEST_EMBEDDED_DUMP = dump;
  return () => rmSync(folder, { recursive: true, force: true });
}
