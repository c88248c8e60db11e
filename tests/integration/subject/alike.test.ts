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

/** What bears their ids and what has their keys. */
const select = ['+dim_device', '+fact_energy_minute', '+fact_device_health_day', '+room_readings'];

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
    await two.home.build({ dataTests: false, select });
  });
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

  it('takes jimmy’s rows, and tells of those of jimmy-2 and jimmy_3, which name it in theirs', async () => {
    const others = await rowsWithout('jimmy');
    expect(others.find(([table]) => table === 'gold.dim_device')?.[1].join()).toMatch(/jimmy-2_[\s\S]*jimmy_3_/);
    expect(await erase('jimmy')).toBe(1);
    expect(await rowsWithout('jimmy')).toEqual(others);
    expect(terminal.said.join('\n')).toMatch(/gold\.dim_device +\| +\d+ \| rows that name it/);
    expect(terminal.said.join('\n')).not.toMatch(/its rows|its files/);
  });

  it('then builds, and gives the others the same keys again', async () => {
    const others = await rowsWithout('jimmy');
    await load();
    await two.home.build({ dataTests: false, select });
    expect(await rowsWithout('jimmy')).toEqual(others);
    await two.home.build({ dataTests: false, fullRefresh: true, select });
    expect(await rowsWithout('jimmy')).toEqual(others);
  });
});
