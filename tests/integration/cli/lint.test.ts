import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';

let project: ProjectCopy;
beforeAll(() => {
  project = new ProjectCopy();
});
afterAll(() => project.dispose());

describe('lint', () => {
  it('finds nothing in this project but what project.yml switches off with a reason', async () => {
    const { code, stdout } = await project.run(['lint']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Nothing to mend; \d+ switched off in project\.yml\.\n$/),
    ]);
  });

  it('quotes the line of each finding and says what to do; exit code 1', async () => {
    const small = new ProjectCopy({
      'project.yml': 'name: small\n',
      'models/dim_room.sql': `{{config materialized='table' schema='gold' unique_key='room_key'}}\nselect 1 as room_key\n`,
      'models/mine.sql': `{{config materialized='ephemeral'}}\nselect room_key\nfrom gold.dim_room`,
    });
    const { code, stdout } = await small.run(['lint']);
    expect(code).toBe(1);
    expect(stdout).toContain(`models/mine.sql:3:6: the table gold.dim_room is named directly (direct-table)
  3 | from gold.dim_room
    |      ^
  Write {{ref "dim_room"}}, so that it is built first.`);
    const json = await small.run(['lint', '--output', 'json']);
    small.dispose();
    const findings = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect([json.code, findings]).toEqual([
      1,
      expect.arrayContaining([
        expect.objectContaining({ rule: 'direct-table', name: 'mine', file: 'models/mine.sql', line: 3, column: 6 }),
      ]),
    ]);
  });
});
