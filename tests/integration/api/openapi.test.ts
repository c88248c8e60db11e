import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenRing } from '../../../api/keys/token.ts';
import { resourcesOf } from '../../../api/resource/resources.ts';
import { type RunningApi, startApi } from '../../../api/server/server.ts';
import { compiledAt } from '../compiled-project.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const projects = { apartments: root, building: join(root, 'projects', 'smart-building') };
const running: Record<string, RunningApi> = {};
let database: TestDatabase | undefined;

beforeAll(async () => {
  const [kind] = oneDatabase;
  if (kind === undefined) throw new Error('there is no database');
  database = await kind.open();
  const { warehouse } = database;
  for (const [name, folder] of Object.entries(projects)) {
    const { manifest, exposures } = compiledAt(folder, {});
    const { all: resources, leftOut } = resourcesOf(manifest, exposures);
    expect(leftOut).toEqual([]);
    running[name] = await startApi({
      project: name,
      environment: 'default',
      resources,
      keys: tokenRing(warehouse, 'a-token-of-the-tests'),
      warehouse,
      host: '127.0.0.1',
      port: 0,
      requestsPerMinute: 1000,
      clock: () => new Date(0),
      warn: () => undefined,
    });
  }
});
afterAll(async () => {
  for (const api of Object.values(running)) await api.close();
  await database?.drop();
});

interface Described {
  readonly paths: Readonly<
    Record<string, { readonly get: { readonly parameters: readonly { name: string; required?: boolean }[] } }>
  >;
}

it.each(Object.keys(projects))('the OpenAPI document of %s is valid', async (name) => {
  const described = (await (await fetch(`${running[name]?.address}/openapi.json`)).json()) as Described;
  // A text of one line would be taken for the name of a file.
  const { valid, errors } = await new Validator().validate(JSON.stringify(described, null, 2));
  expect([valid, errors]).toEqual([true, undefined]);
  for (const path of Object.keys(described.paths)) expect(path).toMatch(/^(?:\/[a-z0-9_-]+)+$/);
});

it('the building has the addresses that its readers know', async () => {
  const described = (await (await fetch(`${running.building?.address}/openapi.json`)).json()) as Described;
  expect(Object.keys(described.paths).sort()).toEqual([
    '/gold/daily',
    '/gold/hourly',
    '/health',
    '/silver/readings',
    '/silver/rooms',
    '/silver/sensor-types',
  ]);
  const names = described.paths['/silver/readings']?.get.parameters.map((one) => one.name);
  expect(names).toEqual(
    expect.arrayContaining(['event_date', 'room', 'sensor_type', 'from', 'to', 'only_valid', 'limit', 'cursor']),
  );
});

it('the page for people loads nothing from elsewhere', async () => {
  const response = await fetch(`${running.apartments?.address}/docs`);
  const page = await response.text();
  expect(page).toContain('GET /gold/fact_energy_minute');
  expect(page).not.toMatch(/https?:\/\/|<script|<img|<iframe/);
  expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
});
