import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { EmbeddedStart } from '../warehouse/embedded-start.ts';

/**
 * Gives the whole test run one empty embedded database, since making one takes seconds and copying it does not: puts the
 * path of its folder in TEST_EMBEDDED_TEMPLATE, that of a dump in TEST_EMBEDDED_DUMP. It begins as the program's own do, so
 * that none of the commands of the tests has to make one.
 */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-embedded-'));
  const template = join(folder, 'db');
  const dump = join(folder, 'db.tar');
  const start = await new EmbeddedStart().dump();
  const database = await PGlite.create(template, start === undefined ? {} : { loadDataDir: start });
  const whole = start ?? (await database.dumpDataDir('none'));
  writeFileSync(dump, Buffer.from(await whole.arrayBuffer()));
  await database.close();
  process.env.TEST_EMBEDDED_TEMPLATE = template;
  process.env.TEST_EMBEDDED_DUMP = dump;
  return () => rmSync(folder, { recursive: true, force: true });
}
