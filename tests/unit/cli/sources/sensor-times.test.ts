import { describe, expect, it } from 'vitest';
import { sensorTimes } from '../../../../cli/sources/sensor-times.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';

describe('the times that are plausible', () => {
  const timesOf = (vars: string) => {
    const project = new TemporaryProject({ 'project.yml': `name: p\nversion: "1.0.0"\nvars: { ${vars} }\n` });
    try {
      return sensorTimes(readProject({ root: project.root, env: {} }));
    } finally {
      project.dispose();
    }
  };

  it.each([
    ['', '2020-01-01', 24],
    ['sensor_min_date: 2018-06-01, sensor_max_hours_ahead: 0.5', '2018-06-01', 0.5],
  ])('of {%s} begin on %s and end %d h ahead', (vars, day, hoursAhead) => {
    expect(timesOf(vars)).toEqual({ from: new Date(`${day}T00:00:00Z`), hoursAhead });
  });

  it.each([
    ['sensor_min_date: 01.06.2018', 'the variable sensor_min_date must be a date'],
    ['sensor_min_date: 2018-02-30', 'the variable sensor_min_date must be a date'],
    ['sensor_max_hours_ahead: -1', 'the variable sensor_max_hours_ahead must be a number'],
    ['sensor_max_hours_ahead: one day', 'the variable sensor_max_hours_ahead must be a number'],
  ])('cannot be {%s}', (vars, message) => {
    expect(() => timesOf(vars)).toThrow(message);
  });
});
