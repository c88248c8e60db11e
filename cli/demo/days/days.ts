// The life-like days of `datacycle demo --days`.
//
//   habits.ts  who spends which day how: by weekday, with chance, sometimes not at home at all
//   season.ts  an autumn that gets colder, and forecasts of it that are wrong in time
//   heating.ts when the heat pump runs
//   days.ts    the files of all days, minute by minute
//
// The last day is the sample day. The same number of days and the same seed give the same bytes.
import type { Apartment } from '../household/apartment.ts';
import { dayStart, fileName, localOffset, minutesOfDay } from '../household/clock.ts';
import { household } from '../household/household.ts';
import { jeremie } from '../household/jeremie.ts';
import { jimmy } from '../household/jimmy.ts';
import { payload } from '../household/payload.ts';
import { type Random, seededRandom } from '../household/random.ts';
import { type DayPlan, planOf } from './habits.ts';
import { heating } from './heating.ts';
import { type DayWeather, forecastLines, outdoorsAt, seasonOf } from './season.ts';

/** How many days, and which ones by chance. */
export interface DaysOptions {
  readonly days: number;
  readonly seed: number;
}

/** A file of sensors. */
export interface DayFile {
  readonly name: string;
  readonly content: string;
}

/** The start of the first day, milliseconds since 1970. */
export function firstDay({ days }: DaysOptions): number {
  return (dayStart - (days - 1) * 86_400) * 1000;
}

/** An apartment that lives by another plan each day. */
class Home {
  readonly apartment: Apartment;
  readonly #base: Apartment;
  readonly #habits: Random;
  readonly gaps: Random;
  readonly sensors: Random;
  #plan: DayPlan;

  constructor(base: Apartment, seed: number) {
    this.#base = base;
    this.#plan = base;
    this.#habits = seededRandom(seed * 31 + base.seed);
    this.gaps = seededRandom(seed * 37 + base.seed);
    this.sensors = seededRandom(seed * 41 + base.seed);
    const today = () => this.#plan;
    const plugs = base.plugs.map(({ resetAt: _, ...plug }) => plug);
    this.apartment = {
      ...base,
      seed: base.seed + seed,
      plugs,
      get people() {
        return today().people;
      },
      get openings() {
        return today().openings;
      },
      get activities() {
        return today().activities;
      },
    };
  }

  begin(before: number, weekday: number, weather: DayWeather): void {
    const plan = planOf(this.#base, before, weekday, this.#habits);
    const isAway = plan.people.every((stays) => stays.length === 1 && stays[0]?.[1] === 'away');
    const room = this.#base.owner === 'JimmyLoup' ? 'Laundry' : 'Bhroom';
    this.#plan = { ...plan, activities: [...plan.activities, heating(room, weather, isAway)] };
  }
}

/** The files of all days in order of time, made one by one. A few minutes are missing, as in real data. */
export function* dayFiles(options: DaysOptions): Generator<DayFile, void> {
  const { days, seed } = options;
  const season = seasonOf(days, seed);
  const clouds = seededRandom(seed + 3);
  const homes = [jeremie, jimmy].map((apartment) => {
    const home = new Home(apartment, seed);
    return { home, momentAt: household(home.apartment), silentUntil: -1 };
  });
  const first = -(days - 1) * minutesOfDay;
  // The first local day begins two hours before the first file: those hours settle the air in the rooms.
  for (let minute = 0; minute < localOffset + days * minutesOfDay; minute += 1) {
    const day = Math.floor(minute / minutesOfDay);
    const weather = season[day];
    if (weather === undefined) return;
    const minuteOfDay = minute % minutesOfDay;
    const utcMinute = first + minute - localOffset;
    const outdoors = outdoorsAt(weather, minuteOfDay, clouds);
    for (const one of homes) {
      const { home, momentAt } = one;
      if (minuteOfDay === 0) {
        const date = new Date((dayStart - (days - 1 - day) * 86_400) * 1000);
        home.begin(days - 1 - day, date.getUTCDay() || 7, weather);
      }
      const moment = momentAt(minuteOfDay, outdoors);
      if (minute < localOffset) continue;
      if (home.gaps.next() < 0.0011) one.silentUntil = minute + 7;
      if (minute < one.silentUntil) continue;
      const { owner, outdoorBattery } = home.apartment;
      const measured = payload(owner, utcMinute, moment, outdoorBattery, home.sensors);
      yield { name: fileName(owner, utcMinute), content: JSON.stringify(measured) };
    }
  }
}

/** The forecast files of all days: the day of issue, and the text. */
export function* dayForecasts(options: DaysOptions): Generator<{ readonly day: string; readonly text: string }, void> {
  const season = seasonOf(options.days, options.seed);
  const start = firstDay(options);
  for (let day = 0; day < options.days; day += 1) {
    const lines = forecastLines(season, day, start, options.seed);
    const name = new Date(start + day * 86_400_000).toISOString().slice(0, 10);
    yield { day: name, text: `Time,Value,Prediction,Site,Measurement,Unit\n${lines.join('\n')}\n` };
  }
}
