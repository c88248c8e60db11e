import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHere } from '../cli/in-process.ts';
import { servers } from '../databases.ts';
import { projectOn } from '../project-on.ts';

describe.each(servers)('datacycle export on $name', (kind) => {
  const { database, project, run } = projectOn(
    kind,
    {
      'project.yml': `name: test
exports:
  numbers:
    description: All numbers there are.
    model: number
    to: { folder: out/numbers }
    tags: [partner]
  broken: { query: "select n / 0 as bad from {{ref 'number'}}", to: { folder: out/broken } }
`,
      'models/number.sql': `{{config materialized="table"}}\n\nselect n from generate_series(1, 3) as n\n`,
    },
    [],
  );
  const command = (...args: string[]) => runHere(args, project.root, { DB_URL: database.url ?? '' });

  it('export writes what project.yml names, tells it, and fails by its exit code when one fails', async () => {
    const early = await command('export', 'numbers');
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(
      /numbers: relation "public.number" does not exist[\s\S]*Build what it reads first: datacycle build/,
    );
    await run();
    expect(await command('export', 'numbers')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^numbers: 1 file written; 3 rows in 1 file in out\/numbers \(\d+\.\d s\)\n$/),
    });
    const all = await command('export', '--log-format', 'json');
    expect(all.code).toBe(1);
    const events = all.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toMatchObject([
      { type: 'export', name: 'numbers', written: 0, unchanged: 1, rows: 3, destination: 'out/numbers' },
      { type: 'error', what: 'broken: division by zero', where: 'project.yml:8' },
    ]);
    expect(existsSync(join(project.root, '.datacycle', 'exports', 'default', 'broken'))).toBe(false);
    const unknown = await command('export', 'number');
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringMatching(/there is no export "number"\n.*"numbers"/),
    ]);
    const status = await command('status');
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(/^broken +\|[ |]+1$/m);
    expect(status.stdout).toMatch(/^numbers +\| out\/numbers \| 1 +\| 3 +\| \d{4}-.*\| +0$/m);
    expect(status.stdout).toMatch(/broken.*division by zero \(1 failed since its last success\)/);
  });

  it('ls and the lineage of a model name its exports', async () => {
    const listed = await command('ls', '--select', 'number+', '--resource-type', 'exposure', '--output', 'json');
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { name: 'broken', resource_type: 'exposure' },
      { name: 'numbers', resource_type: 'exposure', tags: ['partner'], depends_on: { nodes: ['model.test.number'] } },
    ]);
    const { manifest } = project.compile();
    expect(manifest.nodes.get('exposure.numbers')).toMatchObject({
      type: 'export',
      description: 'All numbers there are.',
      url: 'out/numbers',
      dependsOn: ['model.number'],
    });
  });

  it('faults of exports are named at their places', () => {
    const faulty = (text: string) => {
      project.write({ 'project.yml': `name: test\nexports:\n  one: ${text}\n` });
      try {
        project.compile();
        return 'no fault';
      } catch (error) {
        return String((error as Error).message);
      }
    };
    expect(faulty('{ model: numbr, to: { folder: x } }')).toMatch(
      /project.yml:3:\d+.*there is no model or seed "numbr"[\s\S]*"number"/,
    );
    expect(faulty('{ model: number, to: { foldr: x } }')).toMatch(/project.yml:3:\d+[\s\S]*foldr[\s\S]*folder/);
    expect(faulty('{ model: number, to: { folder: x, s3: lake } }')).toMatch(
      /an export goes to one place: folder, sftp or s3/,
    );
    expect(faulty('{ model: number, query: select 1, to: { folder: x } }')).toMatch(/an export has a model or a query/);
    expect(faulty('{ model: number, to: { folder: x }, schedule: "25:00" }')).toMatch(
      /"25:00" is no schedule; write a time of day/,
    );
    expect(faulty(`{ query: "select * from {{ref 'numbr'}}", to: { folder: x } }`)).toMatch(
      /project.yml:3:\d+[\s\S]*numbr/,
    );
    expect(faulty('{ model: number, to: { folder: x }, formt: csv }')).toMatch(/formt[\s\S]*format/);
  });
});
