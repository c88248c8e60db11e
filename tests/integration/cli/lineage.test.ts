import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from './command.ts';

let project: ProjectCopy;
beforeAll(() => {
  project = new ProjectCopy();
});
afterAll(() => project.dispose());

describe('lineage', () => {
  it('tells the way of a column as a tree, each column once', async () => {
    const { stdout, code } = await project.run(['lineage', 'fact_energy_minute.cost_chf', '--upstream']);
    const lines = stdout.split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^fact_energy_minute\.cost_chf {3}models\/gold\/fact_energy_minute\.sql:\d+:\d+$/);
    expect(lines.slice(1, 3)).toEqual([
      '  computed from dim_tariff.chf_per_kwh',
      '    computed from tariffs.chf_per_kwh',
    ]);
    expect(lines.filter((line) => line.includes('from staging.sensor_file.payload'))).toEqual([
      expect.stringMatching(
        /computed from staging\.sensor_file\.payload at consumptions\.\*\.current1, .* and 29 more$/,
      ),
    ]);
    expect(stdout).toContain('filtered by sensor_devices.has_counter');
    expect(stdout).not.toContain('leads to');
  });

  it('goes downstream from a part of a document', async () => {
    const outcome = await project.run([
      'lineage',
      'staging.weather_chunk.columns.Value',
      '--downstream',
      '--output',
      'json',
    ]);
    const told = JSON.parse(outcome.stdout) as { downstream: { to: { node: string; column: string } }[] };
    const ends = told.downstream.map(({ to }) => `${to.node}.${to.column}`);
    expect(ends).toContain('model.weather_forecasts.value');
    expect(ends).toContain('model.fact_weather_day.temperature_c_avg');
    expect(ends).not.toContain('model.weather_forecasts.site');
  });

  it('yields all of the project as JSON', async () => {
    const { stdout } = await project.run(['lineage', '--output', 'json']);
    const { nodes } = JSON.parse(stdout) as { nodes: Record<string, { columns: { column: string }[] }> };
    expect(nodes['seed.tariffs']?.columns.map(({ column }) => column)).toContain('chf_per_kwh');
    expect(Object.keys(nodes).length).toBeGreaterThan(50);
  });

  it('says what is no column', async () => {
    const wrong = await project.run(['lineage', 'dim_tarif.year']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('Did you mean "dim_tariff"?')]);
    const column = await project.run(['lineage', 'dim_tariff.yaer']);
    expect([column.code, column.stderr]).toEqual([2, expect.stringContaining('Did you mean "year"?')]);
  });

  it('lists columns', async () => {
    const { stdout } = await project.run(['ls', '--columns', '--select', 'dim_tariff', '--output', 'table']);
    expect(stdout).toMatch(/^dim_tariff +\| chf_per_kwh +\| numeric.* \| tariffs\.chf_per_kwh$/m);
  });
});
