import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';
import { readersProject } from './small-files.ts';

const project = new ProjectCopy(readersProject);
afterAll(() => project.dispose());

describe('init without a server', () => {
  it('has nothing to do for the embedded database', async () => {
    const { code, stdout } = await project.run(['init']);
    expect({ code, stdout: stdout.trim() }).toEqual({
      code: 0,
      stdout: 'DB_URL is not set: the embedded database needs no init.',
    });
  });

  it('names the settings of the program that it replaces, and so does debug', async () => {
    const env = { GOLD_INTERVAL_MIN: '15', KEEP_BRONZE: 'true', PBI_PASSWORD: 'hidden-word', KNIME_FREE_MEMORY: '' };
    for (const command of ['init', 'debug']) {
      const { code, stdout, stderr } = await project.run([command], env);
      const told = stdout + stderr;
      expect(code, told).toBe(0);
      expect(told).toContain(
        'GOLD_INTERVAL_MIN is a setting of another program. Here: nothing: `datacycle watch` builds',
      );
      expect(told).toContain('KEEP_BRONZE is a setting of another program. Here: BRONZE_RETENTION_DAYS=-1');
      expect(told).toContain('Here: BI_PASSWORD');
      expect(told).not.toMatch(/hidden-word|KNIME_FREE_MEMORY/);
    }
  });

  it('says that it needs DB_ADMIN_URL', async () => {
    const { code, stderr } = await project.run(['init'], { DB_URL: `postgres://datacycle:secret@localhost:1/d` });
    expect(code).toBe(2);
    expect(stderr).toContain('DB_ADMIN_URL is not set');
    expect(stderr).not.toContain('secret');
  });

  it('refuses a user that is the administrator', async () => {
    const url = 'postgresql+psycopg2://boss:secret@localhost:1/d';
    const { code, stderr } = await project.run(['init'], { DB_URL: url, DB_ADMIN_URL: url });
    expect(code).toBe(2);
    expect(stderr).toContain('name the same user, boss');
  });
});

describe('init before it asks a server', () => {
  const long = 'x'.repeat(57);
  it.each([
    ['the template of all databases', 'postgres://u:secret@localhost:1/template1', 'belongs to the server itself'],
    ['the empty template', 'postgres://u:secret@localhost:1/template0', 'belongs to the server itself'],
    ["the administrators' database", 'postgres://u:secret@localhost:1/postgres', 'belongs to the server itself'],
    ['a reserved user', 'postgres://pg_me:secret@localhost:1/d', 'PostgreSQL keeps names with pg_ for itself'],
    ['a word that is no user', 'postgres://public:secret@localhost:1/d', 'the word means something else'],
    ['a group of too long a name', `postgres://${long}:secret@localhost:1/d`, 'the group of readers is too long'],
    ['a database of too long a name', `postgres://u:secret@localhost:1/${'%C3%A9'.repeat(32)}`, 'has 64 bytes, of 63'],
    ['a control character', 'postgres://u:secret@localhost:1/a%0Ab', 'holds a control character'],
    ['another port', 'postgres://u:secret@localhost:2/d', 'do not name the same server: localhost:2 and 127.0.0.1:1'],
    ['another host', 'postgres://u:secret@db.example.org:1/d', 'do not name the same server: db.example.org:1'],
  ])('refuses %s', async (_name, url, expected) => {
    const env = { DB_URL: url, DB_ADMIN_URL: 'postgres://boss:secret@127.0.0.1:1/postgres' };
    const { code, stderr } = await project.run(['init'], env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(expected) });
    expect(stderr).not.toContain('secret');
  });

  it.each([
    ['an apartment called admin', 'id: jimmy,', 'id: admin,', 'two of the roles for reading would be'],
    ['letter case alone apart', 'id: jimmy,', 'id: BI,', 'two of the roles for reading would be'],
    ['a name that is kept', /apartment_role: \w+/, 'apartment_role: pg_', 'PostgreSQL keeps names with pg_ for itself'],
    ['one missing', /, bi_login: \w+/, '', 'vars.access must name roles of the database'],
  ])('refuses names of roles: %s', async (_name, from, to, expected) => {
    const other = new ProjectCopy(readersProject);
    try {
      other.nameRoles('init_role');
      const file = join(other.root, 'project.yml');
      writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
      const { code, stderr } = await other.run(['init'], {
        DB_URL: 'postgres://u:secret@127.0.0.1:1/d',
        DB_ADMIN_URL: 'postgres://boss:secret@127.0.0.1:1/postgres',
      });
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(expected) });
      expect(stderr).toContain('project.yml:');
    } finally {
      other.dispose();
    }
  });
});
