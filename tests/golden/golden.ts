import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const expectedFolder = join(dirname(fileURLToPath(import.meta.url)), 'expected');

/**
 * Compares text with the file of that name in tests/golden/expected, byte for byte. With UPDATE_GOLDEN=1 in the
 * environment it writes the file instead; the difference is then for a person to read before it is committed.
 */
export function expectGolden(name: string, text: string): void {
  const file = join(expectedFolder, `${name}.sql`);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  if (!existsSync(file)) throw new Error(`${file} is missing; UPDATE_GOLDEN=1 npx vitest run tests/golden writes it`);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
