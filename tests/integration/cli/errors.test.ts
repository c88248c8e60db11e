import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import { type DatabaseKind, databases, oneDatabase, type TestDatabase } from '../databases.ts';
import { type Outcome, ProjectCopy } from './command.ts';

/** All of it is about the program: two models are enough to mistake their names. */
const files = {
  'project.yml': 'name: small\nvars: { apartments: [{ id: jimmy, owner: JimmyLoup }] }\n',
  'models/sources.yml': 'sources: [{ name: staging, tables: [{ name: sensor_file }] }]\n',
  'models/dim_room.sql': 'select 1 as room_key\n',
  'models/fact_energy_minute.sql': '{{config materialized="table"}}\nselect room_key from {{ref "dim_room"}}\n',
};

let project: ProjectCopy;
const make = () => {
  project = new ProjectCopy(files);
};
const dispose = () => project.dispose();

/** For tests that change their copy. */
function oneCopyEach(): void {
  beforeEach(make);
  afterEach(dispose);
}

/** For tests that leave it as it is. */
function oneCopyForAll(): void {
  beforeAll(make);
  afterAll(dispose);
}

/** One database for all tests of a `describe`: what its environment says of it. */
function oneDatabaseForAll(kind: DatabaseKind): () => Readonly<Record<string, string>> {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());
  return () => (database.url === undefined ? {} : { DB_URL: database.url });
}

/** One message for people: what, no stack trace, nothing on standard output. */
function expectOneMessage(outcome: Outcome, code: number): void {
  expect(outcome.stderr).not.toMatch(/\n\s+at .*\(?.*:\d+:\d+\)?|node:internal|UnhandledPromise/);
  expect(outcome.code, outcome.stderr).toBe(code);
}

describe('wrong configuration', () => {
  oneCopyEach();

  it('an unknown key in project.yml: line, caret and the key that was meant', async () => {
    appendFileSync(join(project.root, 'project.yml'), '\ntargts:\n  dev: {}\n');
    const line = readFileSync(join(project.root, 'project.yml'), 'utf8').split('\n').indexOf('targts:') + 1;
    const outcome = await project.run(['compile']);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain(`project.yml:${line}:1: "targts" is not a known key`);
    expect(outcome.stderr).toContain(`${line} | targts:`);
    expect(outcome.stderr).toContain('Did you mean "targets"?');
  });

  it('a missing ref: the template, its line and the name that was meant', async () => {
    writeFileSync(join(project.root, 'models', 'mine.sql'), 'select *\nfrom {{ref "dim_rom"}}\n');
    const outcome = await project.run(['compile']);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('models/mine.sql:2:6: there is no model or seed "dim_rom"');
    expect(outcome.stderr).toContain('Did you mean "dim_room"?');
  });

  it('a .env that cannot be read', async () => {
    mkdirSync(join(project.root, '.env'));
    const outcome = await project.run(['compile']);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('.env is there but cannot be read: EISDIR');
  });

  it('a cycle: the models of it with their files', async () => {
    writeFileSync(join(project.root, 'models', 'egg.sql'), 'select * from {{ref "hen"}}');
    writeFileSync(join(project.root, 'models', 'hen.sql'), 'select * from {{ref "egg"}}');
    const outcome = await project.run(['compile']);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toMatch(/these models refer to each other: (egg -> hen -> egg|hen -> egg -> hen)/);
    expect(outcome.stderr).toContain('models/egg.sql');
  });

  it('several faults at once are all reported', async () => {
    writeFileSync(join(project.root, 'models', 'one.sql'), '{{config materialised="table"}}select 1');
    writeFileSync(join(project.root, 'models', 'two.sql'), 'select {{nonsense}}');
    const outcome = await project.run(['compile']);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('Did you mean "materialized"?');
    expect(outcome.stderr).toContain('models/two.sql:1:');
  });
});

describe.each(oneDatabase)('wrong use, on $name', (kind) => {
  oneCopyForAll();
  const env = oneDatabaseForAll(kind);

  it.each(['abc', '20', '2e3', '2023.0'])('WEATHER_MIN_YEAR=%s', async (year) => {
    const outcome = await project.run(['compile'], { WEATHER_MIN_YEAR: year });
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain(`WEATHER_MIN_YEAR is "${year}", but must be a year of four digits`);
  });

  it.each([
    [['bulid'], "unknown command 'bulid'"],
    [['run', '--thread', '4'], "unknown option '--thread'"],
    [['run', '--threads', 'many'], 'It must be a whole number'],
    [['run', '--target', 'prodd'], 'there is no target "prodd"'],
    [['load', 'sensor'], 'Did you mean "sensors"?'],
    [['show'], 'show needs a query or a selection'],
    [['show', '--inline', ' ; '], 'the query is empty'],
    [['show', '--inline', 'select 1', '--limit', '-2'], 'It must be 0 or more, or -1'],
    [['show', '--inline', "select * from {{ref 'dim_rom'}}"], 'Did you mean "dim_room"?'],
  ])('%s is wrong use', async (args, message) => {
    const outcome = await project.run(args);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain(message);
  });

  it('a selection that matches nothing is a warning with what is named like it, and nothing is run', async () => {
    const { code, stdout, stderr } = await project.run(['run', '--select', 'fact_enrgy_minute'], env());
    expect(code).toBe(0);
    expect(stdout + stderr).toContain('Did you mean "fact_energy_minute"?');
    expect(stdout).toMatch(/^run: 0 nodes /m);
  });

  it('SMB_PATH that is missing, and one that does not exist', async () => {
    expect((await project.run(['load'], env())).stderr).toMatch(/no source is configured[\s\S]*SMB_PATH/);
    const missing = await project.run(['load', 'sensors'], env());
    expectOneMessage(missing, 2);
    expect(missing.stderr).toContain('SMB_PATH is not set');
    const wrong = await project.run(['load'], { ...env(), SMB_PATH: join(project.root, 'nowhere') });
    expectOneMessage(wrong, 2);
    expect(wrong.stderr).toContain('SMB_PATH');
    expect(wrong.stderr).toContain('nowhere');
  });
});

describe('a database that cannot be used', () => {
  oneCopyForAll();

  it('nothing listens there', async () => {
    const port = await closedPort();
    const outcome = await project.run(['run'], { DB_URL: `postgres://anyone:hush-hush@127.0.0.1:${port}/nothing` });
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain(
      `cannot work with postgres://anyone@127.0.0.1:${port}/nothing: nothing listens there`,
    );
    expect(outcome.stderr + outcome.stdout).not.toContain('hush-hush');
  });

  it('an address that is none', async () => {
    const outcome = await project.run(['run'], { DB_URL: 'mysql://root:hush-hush@localhost/x' });
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('DB_URL is not a PostgreSQL address');
    expect(outcome.stderr + outcome.stdout).not.toContain('hush-hush');
  });

  it.each([
    'postgres://bob:hush@hu/sh#x@127.0.0.1/y',
    'postgres://bob:hush#hu@127.0.0.1/y',
    'postgres://127.0.0.1:port/y',
  ])('an address with characters that must be encoded is refused without showing them: %s', async (url) => {
    const outcome = await project.run(['run'], { DB_URL: url });
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('percent-encoded');
    expect(outcome.stderr).not.toMatch(/hush|hu\/sh|sh#x/);
  });
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

const servers = databases.filter((kind) => kind.name === 'PostgreSQL');

describe.each(servers)('on $name', (kind) => {
  oneCopyEach();
  let database: TestDatabase;
  beforeEach(async () => {
    database = await kind.open();
  });
  afterEach(() => database.drop());

  it('a wrong password', async () => {
    // The server that the tests start asks this role, and no other, for its password.
    await database.warehouse.query(`create role datacycle_with_password login password 'the right one'`);
    const url = new URL(database.url ?? '');
    Object.assign(url, { username: 'datacycle_with_password', password: 'hush-hush' });
    const outcome = await project.run(['run'], { DB_URL: url.href });
    await database.warehouse.query('drop role datacycle_with_password');
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('the password is wrong for this user');
    expect(outcome.stderr + outcome.stdout).not.toContain('hush-hush');
  });

  it('a database that does not exist', async () => {
    const url = Object.assign(new URL(database.url ?? ''), { pathname: '/no_such_database' });
    const outcome = await project.run(['build'], { DB_URL: url.href });
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('the database does not exist');
  });

  it('a seed that is not loaded, and a source', async () => {
    project.write({
      'seeds/mine.csv': 'a\n1\n',
      'models/of_seed.sql': 'select * from {{ref "mine"}}',
      'models/of_source.sql': 'select load_id from {{source "staging" "sensor_file"}}',
    });
    const outcome = await project.run(['run', '--select', 'of_seed'], { DB_URL: database.url ?? '' });
    expectOneMessage(outcome, 1);
    expect(outcome.stdout + outcome.stderr).toContain('Run `datacycle seed` first');
    const other = await project.run(['run', '--select', 'of_source'], { DB_URL: database.url ?? '' });
    expectOneMessage(other, 1);
    expect(other.stdout + other.stderr).toContain('Run `datacycle load` first');
  });

  it('a type error in SQL: the line of the template with a caret, exit code 1, the rest is built', async () => {
    writeFileSync(
      join(project.root, 'models', 'broken.sql'),
      "select\n    1 as one,\n    date '2023-01-01' + 'x'::boolean as two\n",
    );
    writeFileSync(join(project.root, 'models', 'fine.sql'), 'select 1 as one');
    const outcome = await project.run(['run', '--select', 'broken', 'fine'], { DB_URL: database.url ?? '' });
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain('at models/broken.sql:3:25');
    expect(outcome.stdout).toContain(
      "3 |     date '2023-01-01' + 'x'::boolean as two\n    |                         ^",
    );
    expect(outcome.stdout).toContain('public.fine');
    expect(outcome.stdout).not.toMatch(/\n\s+at .*\.(ts|js):\d+/);
  });

  it('--log-format json gives one object a line', async () => {
    writeFileSync(join(project.root, 'models', 'fine.sql'), 'select 1 as one');
    const outcome = await project.run(['run', '--select', 'fine', '--log-format', 'json'], {
      DB_URL: database.url ?? '',
    });
    const events = outcome.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.map((event) => event.type)).toEqual(['started', 'node-started', 'node-finished', 'finished']);
    expect(outcome.code).toBe(0);
  });
});

describe.each(oneDatabase)('what is shown, on $name', (kind) => {
  oneCopyForAll();
  const env = oneDatabaseForAll(kind);
  const show = (query: string, ...flags: string[]) => project.run(['show', '--inline', query, ...flags], env());

  it('rows as a table, as CSV and as JSON; a limit that cut is said on standard error only', async () => {
    const query = `select n, 'é, "x"' as text, 1.10 as price, null as nothing from generate_series(1, 7) as n; -- done`;
    const shown = (output: string) => show(query, '--output', output, '--limit', '2');
    const table = await shown('table');
    expect(table.stdout).toBe(
      'n | text   | price | nothing\n--+--------+-------+--------\n1 | é, "x" |  1.10 |\n2 | é, "x" |  1.10 |\n',
    );
    expect(table.stderr).toContain('--limit -1 shows all');
    expect((await shown('csv')).stdout).toBe('n,text,price,nothing\n1,"é, ""x""",1.10,\n2,"é, ""x""",1.10,\n');
    const rows = [1, 2].map((n) => ({ n, text: 'é, "x"', price: 1.1, nothing: null }));
    expect(JSON.parse((await shown('json')).stdout)).toEqual(rows);
  });

  it("PostgreSQL's own text in every format", async () => {
    const values = `'[12345678901234567890, 1.10]'::jsonb as j, array[date '2023-08-01'] as d, '\\x00ff'::bytea as b, '' as e`;
    const shown = (output: string) => show(`select ${values}`, '--output', output);
    expect((await shown('csv')).stdout).toBe('j,d,b,e\n"[12345678901234567890, 1.10]",{2023-08-01},\\x00ff,""\n');
    expect((await shown('table')).stdout).toContain('[12345678901234567890, 1.10] | {2023-08-01} | \\x00ff |');
  });

  it('no control character of a value reaches a terminal', async () => {
    const outcome = await show(`select e'\\x1b[2J\\u202ex' as v`);
    expect(outcome.stdout).toBe('v\n----------------\n\\u001b[2J\\u202ex\n');
    const failed = await show(`select (e'\\x1b[2J' || now())::int`);
    expect(failed.stderr).toContain('invalid input syntax for type integer: "\\u001b[2J');
  });

  it.each([
    'select 1) as x; commit; create table public.left_behind (); select * from (select 2',
    'select 1; commit; create table public.left_behind ()',
  ])('one query, which cannot leave its read-only transaction: %s', async (query) => {
    const outcome = await show(query);
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toMatch(/this \) closes nothing|a query is one select; something follows its semicolon/);
    expect(outcome.stderr).toContain(`1 | ${query}`);
  });

  it('refuses two columns of one name instead of showing one of them twice', async () => {
    const outcome = await show('select 1 as a, 2 as a');
    expectOneMessage(outcome, 2);
    expect(outcome.stderr).toContain('two columns are called "a"');
  });
});

describe('processes', () => {
  oneCopyEach();

  it('an interrupt stops a build on the embedded database between two models, and the exit code says so', async () => {
    for (let number = 0; number < 5; number += 1) {
      const model = join(project.root, 'models', `slow_${number}.sql`);
      writeFileSync(model, '{{config materialized="table"}}select pg_sleep(0.3) is null as x');
    }
    const outcome = await project.run(['run', '--select', 'slow_*'], {}, { interruptAfter: /1 of 5/ });
    expect(outcome.code).toBe(130);
    expect(outcome.stdout).toContain('SKIP (the run was stopped)');
    expect((await project.run(['run', '--select', 'slow_4'])).code).toBe(0);
  });

  it('two processes cannot open the embedded database at once; the second names the process that has it', async () => {
    mkdirSync(join(project.root, 'empty-share'));
    const env = { SMB_PATH: join(project.root, 'empty-share') };
    const folder = join(project.root, '.datacycle', 'db');
    const first = await openWarehouse({ url: undefined, folder, purpose: 'load', concurrency: 1 });
    const second = await project.run(['load'], env, {}).finally(() => first.close());
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(new RegExp(`is in use by datacycle load .*\\(process ${process.pid}\\)`));
    expect((await project.run(['load'], env)).code).toBe(0);
  });
});
