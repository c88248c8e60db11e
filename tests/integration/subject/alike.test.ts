import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { apartments, sampleMinutes } from '../main-job/household.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { clock, TwoApartments } from './two-apartments.ts';

const alike = [
  { id: 'jimmy-2', owner: 'Jim', name: 'Jim' },
  { id: 'jimmy_3', owner: 'JimmyLoupSenior', name: 'Jimmy Senior' },
];

describe.each(oneDatabase)('erasing one of several whose names are parts of each other on $name', (kind) => {
  let database: TestDatabase;
  let two: TwoApartments;
  let terminal: QuietTerminal;
  beforeAll(async () => {
    database = await kind.open();
    two = new TwoApartments(database.warehouse);
    const settings = join(two.home.project, 'project.yml');
    const lines = alike
      .map(({ id, owner, name }) => `    - { id: ${id}, owner: ${owner}, name: ${name}, weather_site: Sion }\n`)
      .join('');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace('  apartments:\n', `  apartments:\n${lines}`));
    two.takeAccess();
    const files = sampleMinutes('12.10.2023', (minute) => minute % 60 === 0);
    two.home.put(files);
    for (const { owner } of alike) {
      const ofJimmy = files.filter(({ name }) => name.includes('JimmyLoup'));
      const renamed = ({ name, content }: { name: string; content: string }) => ({
        name: name.replace('JimmyLoup', owner),
        content: content.replaceAll('JimmyLoup', owner),
      });
      two.home.put(ofJimmy.map(renamed));
    }
    await load();
    await two.home.build();
    two.writeLogs();
    await database.warehouse.query(
      `insert into datacycle.surrogate_key (model, natural_key, key)
       select 'dim_device', jsonb_build_array(id || '_Attic_plug', 'plug')::text, 9000 + number
       from unnest(array['jimmy', 'jimmy-2', 'jimmy_3', 'jeremie']) with ordinality as t (id, number)`,
    );
    await database.warehouse.query(
      `update datacycle.run_result set message = 'Jim: jimmy-2, JimmyLoup: jimmy, JimmyLoupSenior: jimmy_3' where node like '%dim_device'`,
    );
  }, 120_000);
  afterAll(async () => {
    two.home.dispose();
    await database.drop();
  });
  const load = () =>
    loadSensors(
      database.warehouse,
      { share: two.home.share, bronzeRoot: two.home.bronze, apartments: [...apartments, ...alike] },
      { mode: 'full', batchFiles: 5000, clock },
    );
  const erase = (id: string) => {
    const compiled = two.compile();
    const signal = new AbortController().signal;
    terminal = new QuietTerminal();
    const named = subjectNamed(compiled.project, id);
    return eraseSubject(database.warehouse, compiled, named, terminal, { clock, signal, yes: true, dryRun: false });
  };
  /** The rows of all apartments but these, and the keys that were handed out for them. */
  const rowsWithout = async (...ids: string[]) => {
    const keys = await two.home.rows<{ key: unknown }>(
      `select key from datacycle.surrogate_key
       where model = 'dim_apartment' and (natural_key like 'erased:%' or natural_key::text = any(array[${ids.map((id) => `'["${id}"]'`).join(', ')}]))`,
    );
    const rows = await two.rows(
      (row) =>
        !ids.includes(String(row.apartment ?? row.apartment_id)) &&
        !keys.some(({ key }) => row.apartment_key !== undefined && key === row.apartment_key),
    );
    return [...rows].filter(([table]) => !/^gold\.dim_(date|datetime)$/.test(table));
  };
  const attics = async () =>
    (
      await two.home.rows<{ natural_key: string }>(
        `select natural_key from datacycle.surrogate_key where key > 9000 and model = 'dim_device' order by key`,
      )
    ).map(({ natural_key }) => natural_key);
  const attic = (id: string) => `["${id}_Attic_plug", "plug"]`;
  const messages = () =>
    two.home.rows(`select distinct message from datacycle.run_result where node like '%dim_device'`);

  it('takes jimmy, and nothing of jimmy-2 and jimmy_3', async () => {
    const others = await rowsWithout('jimmy');
    expect(others.find(([table]) => table === 'gold.dim_device')?.[1].join()).toMatch(/jimmy-2_[\s\S]*jimmy_3_/);
    expect(await erase('jimmy')).toBe(0);
    expect(await rowsWithout('jimmy')).toEqual(others);
    expect(await attics()).toEqual(['erased:9001', attic('jimmy-2'), attic('jimmy_3'), attic('jeremie')]);
    expect(await messages()).toEqual([{ message: 'the message named an apartment that was erased' }]);
  }, 120_000);

  it('takes jimmy-2, whose owner Jim is a part of all the others', async () => {
    const others = await rowsWithout('jimmy', 'jimmy-2');
    expect(await erase('jimmy-2')).toBe(0);
    expect(await rowsWithout('jimmy', 'jimmy-2')).toEqual(others);
    expect(await attics()).toEqual(['erased:9001', 'erased:9002', attic('jimmy_3'), attic('jeremie')]);
    expect(await messages()).toEqual([{ message: 'the message named an apartment that was erased' }]);
  }, 120_000);

  it('then builds, and gives the others the same keys again', async () => {
    const others = await rowsWithout('jimmy', 'jimmy-2');
    await load();
    await two.home.build();
    expect(await rowsWithout('jimmy', 'jimmy-2')).toEqual(others);
    await two.home.build({ fullRefresh: true });
    expect(await rowsWithout('jimmy', 'jimmy-2')).toEqual(others);
  }, 120_000);
});
