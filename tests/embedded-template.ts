import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/**
 * Makes one empty embedded database in a folder for the whole test run, and puts its path in TEST_EMBEDDED_TEMPLATE: making
 * one takes seconds, copying it does not.
 */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-embedded-'));
  const template = join(folder, 'db');
  const database = await PGlite.create(template);
  await database.close();
  process.env.TEST_EMBEDDED_TEMPLATE = template;
  return () => rmSync(folder, { recursive: true, force: true });
}
