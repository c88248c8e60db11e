import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchemas } from '../../../../cli/beginning/json-schemas.ts';

const root = resolve(import.meta.dirname, '..', '..', '..', '..');
const begun = join(root, 'templates', 'new');
const read = (path: string) => parse(readFileSync(path, 'utf8')) as unknown;

describe.each(Object.entries(jsonSchemas()))('the JSON schema of %s', (name, schema) => {
  const check = new Ajv({ strict: false }).compile(schema);

  test('is the one in docs/schemas (UPDATE_GOLDEN=1 writes it)', () => {
    const path = join(root, 'docs', 'schemas', `${name}.schema.json`);
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
    const there = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    expect(there).toEqual(JSON.parse(text));
    // In the same order, so that whoever writes it anew sees his own changes alone.
    expect(JSON.stringify(there)).toBe(JSON.stringify(JSON.parse(text)));
  });

  test('takes what `new` writes, and no key that is misspelt', () => {
    const files =
      name === 'project'
        ? [join(root, 'project.yml'), join(begun, 'project.yml')]
        : ['models', 'seeds', 'snapshots'].flatMap((folder) =>
            readdirSync(join(begun, folder), { recursive: true, encoding: 'utf8' })
              .filter((file) => file.endsWith('.yml'))
              .map((file) => join(begun, folder, file)),
          );
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect([file, check(read(file)), check.errors]).toEqual([file, true, null]);
    expect(check({ name: 'x', modells: {} })).toBe(false);
  });

  test('says what keys are for', () => {
    expect(schema).toHaveProperty('properties.models.description');
  });
});
