import { type PlausibleTimes, plausibleTimes } from '../../loaders/sensors/name.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';

/** Between which times a reading is plausible, by the variables of project.yml. @throws UsageError with the place of what makes no sense. */
export function sensorTimes(project: Project): PlausibleTimes {
  const { sensor_min_date: date, sensor_max_hours_ahead: hours = plausibleTimes.hoursAhead } = project.vars;
  const from = date === undefined ? plausibleTimes.from : new Date(`${String(date)}T00:00:00Z`);
  if (Number.isNaN(from.getTime()) || from.toISOString().slice(0, 10) !== String(date ?? '2020-01-01'))
    throw fault(project, 'sensor_min_date', 'a date such as "2020-01-01"');
  const hoursAhead = Number(hours);
  if (typeof hours === 'boolean' || !(hoursAhead >= 0 && hoursAhead <= 8784))
    throw fault(project, 'sensor_max_hours_ahead', 'a number of hours from 0 to 8784');
  return { from, hoursAhead };
}

function fault(project: Project, name: string, wanted: string): UsageError {
  const place = project.settingsFile.place(['vars', name]);
  return new UsageError({
    what: `the variable ${name} must be ${wanted}`,
    where: `${place.file}:${place.line}`,
    hint: 'Readings before sensor_min_date, or more than sensor_max_hours_ahead after they are landed, are rejected.',
  });
}
