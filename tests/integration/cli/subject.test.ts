import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { document, fileName } from '../loaders/sensor-share.ts';
import { ProjectCopy } from './command.ts';

/** A seed, a table of the apartments that are not erased, and one of their files. */
const files = {
  'project.yml': `name: small
vars:
  apartments:
    - { id: jimmy, owner: JimmyLoup, name: Jimmy }
    - { id: jeremie, owner: JeremieVianin, name: Jérémie }
`,
  'seeds/user_apartments.csv':
    'user_email,apartment_id,role\njimmy@example.com,jimmy,owner\njeremie@example.com,jeremie,owner\n',
  'seeds/user_apartments.yml': `seeds:
  - name: user_apartments
    config: { subject: apartment_id }
    columns: [{ name: apartment_id, data_type: text }]
`,
  'models/sources.yml': 'sources: [{ name: staging, tables: [{ name: sensor_file }] }]\n',
  'models/columns.yml': `models:
  - { name: dim_apartment, columns: [{ name: apartment_id, data_type: text }] }
  - { name: sensor_events, columns: [{ name: apartment, data_type: text }] }
`,
  'models/gold/dim_apartment.sql': `{{config materialized="table" schema="gold" unique_key="apartment_id" subject="apartment_id"}}
select apartment_id
from (
    values {{#each (var "apartments") as |one|}}({{literal one.id}}){{#unless @last}}, {{/unless}}{{/each}}
) as a (apartment_id)
where not staging.is_erased(apartment_id)
`,
  'models/silver/sensor_events.sql': `{{config materialized="incremental" schema="silver" unique_key="name" subject="apartment"}}
select
    name,
    case split_part(name, '_', 2) {{#each (var "apartments") as |one|}}when {{literal one.owner}} then {{literal one.id}} {{/each}}end as apartment,
    load_id
from {{source "staging" "sensor_file"}}
{{#incremental}}where load_id > {{high_water "staging.sensor_file"}}{{/incremental}}
`,
};

describe.each(oneDatabase)('subject on the command line, on $name', ({ open }) => {
  const copy = new ProjectCopy(files);
  let database: TestDatabase;
  const env: Record<string, string> = {
    SMB_PATH: 'share',
    BRONZE_ROOT: 'bronze',
    LOG_DIR: 'logs',
    NO_COLOR: '1',
  };
  const subject = (...args: string[]) => copy.run(['subject', ...args], env);
  beforeAll(async () => {
    database = await open();
    if (database.url !== undefined) env.DB_URL = database.url;
    const share = join(copy.root, 'share');
    mkdirSync(share);
    for (const owner of ['JimmyLoup', 'JeremieVianin']) {
      for (let minute = 10; minute < 16; minute += 1)
        writeFileSync(join(share, fileName(owner, minute)), document(owner, minute));
    }
    writeFileSync(join(share, '24.08.2023 0003_JimmyLoup_received.json'), '{');
    // Its log names both, as rejected files are logged.
    await copy.run(['load', 'sensors', '--full'], env);
    expect((await copy.run(['build'], env)).code).toBe(0);
    await copy.run(['compile'], env);
  });
  afterAll(async () => {
    copy.dispose();
    await database.drop();
  });

  it('an action or an apartment that there is not is wrong use', async () => {
    expect((await subject('fnd', 'jimmy')).code).toBe(2);
    expect((await subject('find')).code).toBe(2);
    const typo = await subject('find', 'jimy');
    expect(typo.code).toBe(2);
    expect(typo.stderr).toMatch(/there is no apartment "jimy"\n {2}at project\.yml:\d+\n {2}Did you mean "jimmy"\?/);
  });

  it('erasing asks, and where it cannot it does nothing', async () => {
    const seed = join(copy.root, 'seeds', 'user_apartments.csv');
    const named = await subject('erase', 'jimmy');
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining('seeds/user_apartments.csv:2')]);
    const lines = readFileSync(seed, 'utf8').split('\n');
    writeFileSync(seed, lines.filter((line) => !line.includes(',jimmy,')).join('\n'));
    const erase = await subject('erase', 'jimmy');
    expect([erase.code, erase.stderr]).toEqual([2, expect.stringContaining('there is no terminal to ask at')]);
    const found = await subject('find', 'jimmy');
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/silver\.sensor_events +\| +6 \| its rows/);
    expect(found.stdout).toMatch(/gold\.dim_apartment +\| +1 \| its rows/);
    expect(found.stdout).toMatch(/target +\| +\d+ \| files and folders that name it/);
  });

  it('exports, erases, and leaves nothing but the line in project.yml; no log names whom it is about', async () => {
    const exported = await subject('export', 'jimmy', '--log-format', 'json');
    expect(JSON.parse(exported.stdout)).toMatchObject({ type: 'exported', tables: { 'gold/dim_apartment.csv': 1 } });
    const erased = await subject('erase', 'jimmy', '--yes');
    expect([erased.code, erased.stderr]).toEqual([0, '']);
    expect(erased.stdout).toMatch(/its line in project\.yml \(project\.yml:\d+\)[\s\S]*exports\/jimmy-\*/);
    expect((await subject('find', 'jimmy')).stdout).toContain('Nothing of it is held.');
    const nothing = await subject('export', 'jimmy', '--output', 'nothing');
    expect([nothing.code, nothing.stdout]).toEqual([0, expect.stringContaining('Nothing of it is held')]);
    expect(readdirSync(join(copy.root, 'nothing'))).toEqual(['README.md']);
    expect(readFileSync(join(copy.root, 'nothing', 'README.md'), 'utf8')).toContain('Nothing is held');
    for (const name of readdirSync(join(copy.root, 'logs')))
      expect(/jimmy/i.test(readFileSync(join(copy.root, 'logs', name), 'utf8')), name).toBe(false);
    expect(existsSync(join(copy.root, 'target', 'compiled', 'gold', 'dim_apartment.sql'))).toBe(false);
  });

  it('loads and builds on without it', async () => {
    const load = await copy.run(['load', 'sensors', '--full'], env);
    expect(load.code).toBe(0);
    const build = await copy.run(['build'], env);
    expect([build.code, build.stderr]).toEqual([0, '']);
    // The statements of the build have all of project.yml, and its line is still there.
    const found = await subject('find', 'jimmy', '--log-format', 'json');
    const findings = found.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    expect(findings).toEqual([
      {
        type: 'found',
        place: 'target',
        what: 'files and folders that name it',
        count: expect.any(Number),
        first: expect.any(Array),
      },
    ]);
    for (const file of findings[0].first) expect(file).toMatch(/^run\//);
    expect((await copy.run(['clean'], env)).code).toBe(0);
    expect((await subject('find', 'jimmy')).code).toBe(0);
  });
});
