import type { Activity, Room } from '../household/apartment.ts';
import { minutesOfDay } from '../household/clock.ts';
import { type DayWeather, outdoorsAt } from './season.ts';

/** Outside it has to be colder than that for the heat pump to run, °C; less where nobody is at home. */
const limit = 16;
const limitAway = 11;
/** After so many degree minutes it runs for a while. */
const degreeMinutes = 260;
const minutesOfRun = 24;

/** The heat pump of a day: it counts by how much and for how long it was too cold, and runs each time that is enough. */
export function heating(room: Room, weather: DayWeather, isAway: boolean): Activity {
  const during: string[] = [];
  let missing = 0;
  for (let minute = 0; minute < minutesOfDay; minute += 1) {
    const { temperature } = outdoorsAt(weather, minute, { next: () => 0, noise: () => 0 });
    missing += Math.max(0, (isAway ? limitAway : limit) - temperature);
    if (missing < degreeMinutes) continue;
    missing = 0;
    during.push(`${textOf(minute)}-${textOf(minute + minutesOfRun)}`);
  }
  return { room, during, watts: 1240, phase: 0 };
}

function textOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
