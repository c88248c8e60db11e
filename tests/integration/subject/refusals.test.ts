import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { QuietTerminal } from './quiet-terminal.ts';

const files = {
  'project.yml': `name: test
vars:
  apartments:
    - { id: jimmy, owner: JimmyLoup, name: Jimmy }
    - { id: jeremie, owner: JeremieVianin }
models: { gold: { +schema: gold, +materialized: table, +subject: apartment_id } }
seeds: { +subject: apartment_id }
`,
  'models/sources.yml':
    'sources: [{ name: staging, tables: [{ name: sensor_file }, { name: tombstone, subject: false }] }]\n',
  'models/gold/dim_apartment.sql': `select a.id as apartment_id from (values ('jimmy'), ('jeremie')) as a (id) where not staging.is_erased(a.id)`,
  'models/gold/dim_apartment.yml': 'models: [{ name: dim_apartment, columns: [{ name: apartment_id }] }]\n',
  'seeds/readers.csv': 'reader,apartment_id\n"anna\nmaria",jeremie\nbert,Jimmy\n\ncarl,jimmy\n',
  'seeds/readers.yml': 'seeds: [{ name: readers, columns: [{ name: apartment_id }] }]\n',
};

describe.each(databases)('an erasure is refused on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;
  beforeAll(async () => {
    database = await kind.open();
    project = new TemporaryProject(files);
    await ensureStaging(database.warehouse);
    await project.run(database.warehouse);
  });
  afterAll(async () => {
    project.dispose();
    await database.drop();
  });
  const erase = async (id = 'jimmy', yes = true) => {
    const compiled = project.compile();
    return eraseSubject(database.warehouse, compiled, subjectNamed(compiled.project, id), new QuietTerminal(), {
      clock: () => new Date(),
      signal: new AbortController().signal,
      yes,
      dryRun: false,
    });
  };
  const untouched = async () => {
    const { rows } = await database.warehouse.query(
      'select (select count(*) from gold.dim_apartment) as apartments, (select count(*) from staging.tombstone) as tombstones',
    );
    expect(rows).toEqual([{ apartments: 2, tombstones: 0 }]);
  };

  it('for an apartment that there is not', async () => {
    await expect(erase('jimy')).rejects.toMatchObject({
      message: 'there is no apartment "jimy"',
      where: 'project.yml:4',
      hint: 'Did you mean "jimmy"?',
    });
  });

  it('while a seed names it, with the lines', async () => {
    await expect(erase()).rejects.toMatchObject({
      message: 'seeds still name the subject: access must not outlive the data',
      where: 'seeds/readers.csv:4, seeds/readers.csv:6',
    });
    await untouched();
    project.write({ 'seeds/readers.csv': 'reader,apartment_id\nanna,jeremie\n' });
  });

  it('while a watcher is at work, or a run', async () => {
    const { warehouse } = database;
    await warehouse.exclusive('watch', () => expect(erase()).rejects.toThrow(/^a watcher is at work: /));
    await warehouse.exclusive('run', () => expect(erase()).rejects.toThrow(/^a run is going on in this database: /));
    await untouched();
  });

  it('where nobody was asked', async () => {
    await expect(erase('jimmy', false)).rejects.toThrow(
      /^erasing cannot be undone, and there is no terminal to ask at/,
    );
    await untouched();
  });

  it('where a table is older than the project', async () => {
    await database.warehouse.query('alter table gold.dim_apartment rename column apartment_id to id');
    await expect(erase()).rejects.toMatchObject({
      message: expect.stringMatching(/^the subject of the rows of dim_apartment cannot be found: /),
      hint: expect.stringContaining('datacycle build --select +dim_apartment'),
    });
    await database.warehouse.query('alter table gold.dim_apartment rename column id to apartment_id');
    await untouched();
  });
});
