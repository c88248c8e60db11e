import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';

let project: ProjectCopy;
beforeEach(() => {
  project = new ProjectCopy();
});
afterEach(() => project.dispose());

describe('what is listed', () => {
  it('several kinds, and what meta says', async () => {
    writeFileSync(join(project.root, 'models', 'mine.sql'), 'select 1 as id');
    writeFileSync(
      join(project.root, 'models', 'mine.yml'),
      'models: [{ name: mine, config: { meta: { owner: anna } }, columns: [{ name: id, data_tests: [unique] }] }]',
    );
    const kinds = ['--resource-type', 'model', '--resource-type', 'test'];
    const outcome = await project.run(['ls', '--select', 'mine', '+rooms', ...kinds, '--output', 'json']);
    const nodes = outcome.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(nodes).toContainEqual(
      expect.objectContaining({ name: 'mine', resource_type: 'model', meta: { owner: 'anna' } }),
    );
    expect(nodes).toContainEqual(expect.objectContaining({ name: 'unique_mine_id', resource_type: 'test' }));
    expect(nodes).not.toContainEqual(expect.objectContaining({ resource_type: 'seed' }));
  });

  it('sources and exposures, each as a selector of it, a name or the keys that are asked for', async () => {
    const of = async (...flags: string[]) => (await project.run(['ls', ...flags])).stdout.trim().split('\n').sort();
    const selectors = await of('-s', '2+exposure:power_bi,dim_tariff', 'source:staging.load', 'exposure:power_bi');
    expect(selectors).toEqual([
      'datacycle.gold.dim_tariff',
      'exposure:datacycle.power_bi',
      'source:datacycle.staging.load',
    ]);
    expect(await of('-s', 'source:staging.load', '--output', 'name')).toEqual(['staging.load']);
    const keys = ['--output', 'json', '--output-keys', 'name', 'config.materialized'];
    expect(await of('--resource-type', 'model', ...keys, '-s', 'dim_tariff')).toEqual([
      '{"name":"dim_tariff","config.materialized":"table"}',
    ]);
    expect(await of('-m', 'dim_tariff+1', '--output', 'name')).toEqual(
      await of('-s', 'dim_tariff+1', '--resource-type', 'model', '--output', 'name'),
    );
  });

  it('nothing, with a warning and exit code 0; a selector that cannot be read ends with 2', async () => {
    const nothing = await project.run(['ls', '-s', 'dim_tarif']);
    expect(nothing).toMatchObject({ code: 0, stdout: '' });
    expect(nothing.stderr).toContain('nothing matches the selector "dim_tarif". Did you mean "dim_tariff"?');
    expect(await project.run(['ls', '-s', 'tga:x'])).toMatchObject({ code: 2 });
  });

  it('the first rows of the seeds that are loaded', async () => {
    const colours = 'name,shade\nred,null\nblue,dark\n';
    const small = new ProjectCopy({ 'project.yml': 'name: small\n', 'seeds/more/colours.csv': colours });
    const { stdout } = await small.run(['seed', '--select', 'colours', '--show']);
    small.dispose();
    expect(stdout).toContain('\nseeds.colours\nname | shade\n-----+------\nred  |\nblue | dark\n');
  });
});
