import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { findSubject, showFindings } from '../../../cli/subject/find.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { type RegistryRow, writeChangedRegistry } from './registry-snapshot.ts';
import { clock, TwoApartments } from './two-apartments.ts';

const later = new Date('2023-10-20T22:00:00Z');
const quoted = 'as in 12.10.2023 0230_JimmyLoup_received.json';

/** What is made of the registry; the rest of the project has no part in this. */
const select = ['+silver.registry'];

/** What is said in Jérémie's rows. */
function naming(row: RegistryRow, table: string): RegistryRow {
  if (table === 'dierrors' && row.idError === 3) return { ...row, errorMessage: quoted, file: 'JIMMYLOUP, JimmyLoups' };
  if (table === 'devices' && row.idDevice === 4) return { ...row, name: 'a gift of Jimmyloup' };
  return row;
}

describe.each(oneDatabase)('texts of others that name a subject on $name', (kind) => {
  let database: TestDatabase;
  let two: TwoApartments;
  const signal = new AbortController().signal;
  beforeAll(async () => {
    database = await kind.open();
    two = new TwoApartments(database.warehouse);
    // Nobody can tell whose a file is in whose name no owner can be read.
    two.home.put([{ name: 'copy of JimmyLoup.json', content: '{}' }]);
    await two.fill(select);
    two.takeAccess();
    writeChangedRegistry(two.home.bronze, later, naming);
    await two.loadRegistry();
    await two.home.build({ dataTests: false, select });
  });
  afterAll(async () => {
    two.home.dispose();
    await database.drop();
  });
  const find = async () => {
    const compiled = two.compile();
    const named = subjectNamed(compiled.project, 'jimmy');
    return findSubject(database.warehouse, compiled, named, new QuietTerminal(), signal);
  };
  const erase = (terminal: QuietTerminal) => {
    const compiled = two.compile();
    const named = subjectNamed(compiled.project, 'jimmy');
    return eraseSubject(database.warehouse, compiled, named, terminal, { clock, signal, yes: true, dryRun: false });
  };
  const said = async () => {
    const [row] = await two.home.rows(
      `select l.error_message, l.file, l.record ->> 'errorMessage' as record, c.error_message as clean, d.device_name
       from silver.log_sensor_errors as l
       join silver.di_errors_clean as c using (error_id)
       join silver.dim_devices as d on d.device_id = 4
       where l.error_id = 3`,
    );
    return row;
  };
  it('are found, with the keys of their rows', async () => {
    const terminal = new QuietTerminal();
    const findings = await find();
    const of = (place: string) => findings.find((one) => one.place === place && one.what.includes('name it'));
    expect(of('silver.di_errors_clean')).toMatchObject({ count: 1, first: ['error_id 3'] });
    expect(of('silver.dim_devices')).toMatchObject({ count: 1, first: ['device_id 4'] });
    // Error 1 names it, too, and is its own.
    expect(of('silver.log_sensor_errors')).toMatchObject({ count: 1, first: ['error_id 3'] });
    expect(of('silver.dim_buildings')).toBeUndefined();
    expect(of('Bronze')?.first).toContain('jimmy');
    showFindings(findings, terminal);
    expect(terminal.said.join('\n')).toMatch(/silver\.dim_devices +\| +1 \| rows that name it +\| device_id 4/);
  });

  it('stay as they are when it is erased, and are reported with their places, which keeps the erasure open', async () => {
    const before = await said();
    const terminal = new QuietTerminal();
    expect(await erase(terminal)).toBe(1);
    const text = terminal.said.join('\n');
    expect(text).toMatch(/silver\.log_sensor_errors +\| +1 \| rows that name it +\| error_id 3/);
    expect(text).toMatch(/silver\.dim_devices +\| +1 \| rows that name it +\| device_id 4/);
    expect(text).toMatch(/staging\.registry_row +\| +2 \| rows that name it/);
    expect(text).toMatch(/Bronze +\| +3 \| files and folders that name it +\| registry\/2023\/10\/20\//);
    expect(text).toContain('rejected/copy of JimmyLoup.json');
    expect(text).not.toMatch(/its rows|its files/);
    expect(await said()).toEqual(before);
    expect(await two.home.rows('select completed_at from staging.tombstone')).toEqual([{ completed_at: null }]);
  });
});
