import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { findSubject, showFindings } from '../../../cli/subject/find.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { type RegistryRow, writeChangedRegistry } from './registry-snapshot.ts';
import { clock, TwoApartments } from './two-apartments.ts';

const later = new Date('2023-10-20T22:00:00Z');
const latest = new Date('2023-10-21T22:00:00Z');
const quoted = 'as in 12.10.2023 0230_JimmyLoup_received.json';
const cleaned = 'as in 12.10.2023 0230_[erased]_received.json';

/** What is said in Jérémie's rows. */
function naming(row: RegistryRow, table: string): RegistryRow {
  if (table === 'dierrors' && row.idError === 3) return { ...row, errorMessage: quoted, file: 'JIMMYLOUP, JimmyLoups' };
  if (table === 'devices' && row.idDevice === 4) return { ...row, name: 'a gift of Jimmyloup' };
  return row;
}

describe.each(databases)('texts of others that name a subject on $name', (kind) => {
  let database: TestDatabase;
  let two: TwoApartments;
  const signal = new AbortController().signal;
  beforeAll(async () => {
    database = await kind.open();
    two = new TwoApartments(database.warehouse);
    const silver = join(two.home.project, 'models', 'silver');
    const config = '{{config materialized="materialized_view" unique_key="error_id" subject="apartment"}}';
    writeFileSync(
      join(silver, 'latest_errors.sql'),
      `${config}\nselect error_id, apartment, error_message from {{ref "di_errors_clean"}}\n`,
    );
    writeFileSync(
      join(silver, 'latest_errors.yml'),
      'models: [{ name: latest_errors, columns: [{ name: error_id }, { name: apartment, data_type: text }] }]\n',
    );
    await two.fill();
    two.takeAccess();
    await become(later);
  });
  afterAll(async () => {
    two.home.dispose();
    await database.drop();
  });
  const become = async (time: Date) => {
    writeChangedRegistry(two.home.bronze, time, naming);
    await two.loadRegistry();
    await two.home.build();
  };
  const find = async () => {
    const compiled = two.compile();
    const named = subjectNamed(compiled.context.project, 'jimmy');
    return (await findSubject(database.warehouse, compiled, named, new QuietTerminal(), signal)).findings;
  };
  const erase = (terminal: QuietTerminal) => {
    const compiled = two.compile();
    const named = subjectNamed(compiled.context.project, 'jimmy');
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
  const inBronze = (time: string) =>
    readFileSync(join(two.home.bronze, 'registry', '2023', '10', time.slice(6, 8), time, 'dierrors.json'), 'utf8');

  it('are found, with the keys of their rows', async () => {
    const terminal = new QuietTerminal();
    const findings = await find();
    const of = (place: string) => findings.find((one) => one.place === place);
    expect(of('silver.di_errors_clean.error_message')).toMatchObject({ first: ['error_id 3'], more: false });
    expect(of('silver.dim_devices.device_name')).toMatchObject({ count: 1, first: ['device_id 4'] });
    // Error 1 names it, too, and is its own.
    expect(of('silver.log_sensor_errors.file')).toMatchObject({ count: 2, first: ['error_id 3'], more: false });
    expect(of('silver.sensor_events.apartment')).toMatchObject({ first: [], more: false });
    expect(of('Bronze')?.first).toContain('jimmy');
    showFindings(findings, terminal);
    expect(terminal.said.join('\n')).toMatch(
      /silver\.dim_devices\.device_name +\| +1 \| rows that name it +\| device_id 4/,
    );
  });

  it('stay, without the name, when it is erased; what is but part of a word is left to a person', async () => {
    const terminal = new QuietTerminal();
    expect(await erase(terminal)).toBe(1);
    expect(terminal.said.join('\n')).toMatch(
      /silver\.log_sensor_errors\.file +\| +1 \| rows that name it +\| error_id 3/,
    );
    expect(terminal.said.join('\n')).not.toContain('latest_errors.error_message');
    expect(await two.home.rows('select error_message from silver.latest_errors')).toEqual([{ error_message: cleaned }]);
    const rows = {
      error_message: cleaned,
      file: '[erased], JimmyLoups',
      record: cleaned,
      clean: cleaned,
      device_name: 'a gift of [erased]',
    };
    expect(await said()).toEqual(rows);
    expect(inBronze('20231020T220000Z')).toContain(`"errorMessage":"${cleaned}"`);
    await two.home.build({ fullRefresh: true });
    expect(await said()).toEqual(rows);
  });

  it('lose it whenever the registry brings it again', async () => {
    await become(latest);
    expect(await said()).toMatchObject({ error_message: cleaned, clean: cleaned, device_name: 'a gift of [erased]' });
    const { rows } = await database.warehouse.query(
      `select from staging.registry_row where record::text ~* 'jimmyloup' and record::text not like '%JimmyLoups%'`,
    );
    expect(rows).toEqual([]);
  });
});
