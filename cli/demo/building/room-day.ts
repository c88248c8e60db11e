import { type Random, round, seededRandom } from '../household/random.ts';

export const sensors = ['co2', 'humidity', 'luminosity', 'pir', 'temperature'] as const;
export type Sensor = (typeof sensors)[number];

/** Minutes of a day are worked out once; readings lie between. */
const minutes = 1440;

/** One day of one room. Values are asked for in the order of time. */
export class RoomDay {
  readonly #random: Random;
  readonly #occupied: readonly boolean[];
  readonly #co2: readonly number[];
  readonly #sunny: boolean;
  readonly #index: number;

  /** @param seed of this room and day. @param index of the room: rooms differ. @param day from 0; a Friday. */
  constructor(seed: number, index: number, day: number) {
    this.#random = seededRandom(seed);
    this.#index = index;
    this.#sunny = this.#random.next() < 0.7;
    this.#occupied = presence(this.#random, [1, 2].includes(day % 7));
    this.#co2 = air(this.#occupied, 4 + (index % 7));
  }

  /** What the sensor shows so many seconds after midnight. */
  value(sensor: Sensor, second: number): number {
    const minute = Math.min(minutes - 1, Math.floor(second / 60));
    const isIn = this.#occupied[minute] === true;
    const { noise, next } = this.#random;
    switch (sensor) {
      case 'co2':
        return round((this.#co2[minute] ?? 400) + noise(6), 0);
      case 'temperature':
        return round(20.3 + (this.#index % 5) * 0.7 + 2.2 * daylight(minute, 900) + (isIn ? 0.5 : 0) + noise(0.12), 2);
      case 'humidity':
        return round(48 - 9 * daylight(minute, 900) + (isIn ? 3 : 0) + (this.#index % 3) * 2 + noise(0.4), 2);
      case 'luminosity':
        return round(Math.max(0, (this.#sunny ? 240 : 90) * daylight(minute, 780) + (isIn ? 180 : 0) + noise(4)), 0);
      case 'pir':
        return isIn && next() < 0.45 ? 1 + Math.floor(next() * 30) : 0;
      default:
        return sensor satisfies never;
    }
  }
}

/** From 0 at night to 1 at this minute of the day: a triangle, since sines differ in their last digits between machines. */
function daylight(minute: number, peak: number): number {
  return Math.max(0, 1 - Math.abs(minute - peak) / 420);
}

/** Whether there is someone, minute by minute: two halves of a working day with short absences, seldom at a weekend. */
function presence(random: Random, isWeekend: boolean): readonly boolean[] {
  const isIn = new Array<boolean>(minutes).fill(false);
  if (random.next() < (isWeekend ? 0.85 : 0.12)) return isIn;
  const came = 470 + Math.floor(random.next() * 90);
  const left = 960 + Math.floor(random.next() * 150);
  const lunch = 710 + Math.floor(random.next() * 40);
  for (let minute = came; minute < left; minute += 1) {
    if (minute >= lunch && minute < lunch + 45) continue;
    // Away for some minutes, about once an hour and a half.
    if (random.next() < 1 / 90) minute += 5 + Math.floor(random.next() * 20);
    else isIn[minute] = true;
  }
  return isIn;
}

/** CO2 in ppm: it rises while someone is in and goes back to that of the air outside. @param rise in ppm a minute. */
function air(occupied: readonly boolean[], rise: number): readonly number[] {
  let ppm = 410;
  return occupied.map((isIn) => {
    ppm += (isIn ? rise : 0) - (ppm - 400) * 0.008;
    return ppm;
  });
}
