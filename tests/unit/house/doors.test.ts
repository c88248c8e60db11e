import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const { doors, layers } = await import(join(repository, 'bin', 'rooms.mjs'));

/** The comment that a file begins with, one line an entry. */
function openingOf(text: string): readonly string[] {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines.slice(0, end === -1 ? lines.length : end);
}

/** The files of a room and of its sub-rooms. */
function filesIn(room: string): ReadonlySet<string> {
  return new Set(
    readdirSync(join(repository, room), { recursive: true, encoding: 'utf8' }).map((file) => basename(file)),
  );
}

test('every room has a door, and nothing else has one', () => {
  const rooms = layers.flatMap(({ name, rooms }: { name: string; rooms: string[] }) =>
    rooms.length === 0 ? [name] : rooms.map((room) => `${name}/${room}`),
  );
  expect(Object.keys(doors).sort()).toEqual([...rooms, 'cli'].sort());
});

test.each(Object.entries<string>(doors))('the door of %s says what happens there', (room, file) => {
  const path = join(repository, room, file);
  expect(existsSync(path)).toBe(true);
  const opening = openingOf(readFileSync(path, 'utf8'));
  expect(opening.length).toBeGreaterThanOrEqual(5);
  expect(opening.length).toBeLessThanOrEqual(15);
  // The files that it names may be those of another room that is named with its folder.
  const own = [...opening.join('\n').matchAll(/(?<![\w/-])[\w-]+\.ts\b/g)].map(([name]) => name);
  expect(own.filter((name) => !filesIn(room).has(name))).toEqual([]);
});
