import type { Activity, Apartment, Plug, Room } from './apartment.ts';
import { clock, span, within } from './clock.ts';
import type { Random } from './random.ts';

// Power is counted in hundredths of a watt, as whole numbers: sums are exact, so phases add up to the last digit.

/** What a plug shows at one minute. */
export interface PlugReading {
  readonly room: Room;
  /** Hundredths of a watt: this minute and the two before. */
  readonly latest: readonly [number, number, number];
  /** The lifetime counter, whole Wh. */
  readonly total: number;
}

export interface Electricity {
  readonly plugs: readonly PlugReading[];
  /** Hundredths of a watt on each phase of the apartment, plugs included. */
  readonly phases: readonly [number, number, number];
}

/** One Wh in hundredths of a watt over a minute: 100 x 60. */
const unitsPerWattHour = 6000;

/** @returns the meters of an apartment by local minute; to be asked for each minute once, in order. */
export function electricity(
  apartment: Apartment,
  random: Random,
): (minute: number, running: readonly Activity[], lamps: number) => Electricity {
  const meters = apartment.plugs.map((plug) => new Meter(plug));
  return (minute, running, lamps) => {
    const phases: [number, number, number] = [hundredths(31, random), hundredths(17, random), 0];
    phases[0] += lamps > 0 ? hundredths(13 * lamps, random) : 0;
    phases[1] += fridgeRuns(apartment, minute) ? hundredths(84, random) : 0;
    for (const activity of running) {
      if (activity.plug !== true) phases[activity.phase] += hundredths(activity.watts, random);
    }
    for (const meter of meters) {
      const watts = running
        .filter(({ plug, room }) => plug === true && room === meter.plug.room)
        .reduce((sum, activity) => sum + activity.watts, meter.plug.standby);
      phases[meter.plug.phase] += meter.count(minute, hundredths(watts, random));
    }
    return { plugs: meters.map((meter) => meter.reading()), phases };
  };
}

/** What runs at a local minute. */
export function runningAt(activities: readonly Activity[], minute: number): readonly Activity[] {
  return activities.filter(({ during }) => during.some((text) => within(minute, span(text))));
}

/** Adds up power and gives whole Wh, like the counter of a plug. */
class Meter {
  readonly plug: Plug;
  #units: number;
  #latest: [number, number, number] = [0, 0, 0];

  constructor(plug: Plug) {
    this.plug = plug;
    this.#units = plug.total * unitsPerWattHour;
  }

  count(minute: number, power: number): number {
    if (this.plug.resetAt !== undefined && minute === clock(this.plug.resetAt)) this.#units = 0;
    this.#units += power;
    this.#latest = [power, this.#latest[0], this.#latest[1]];
    return power;
  }

  reading(): PlugReading {
    return { room: this.plug.room, latest: this.#latest, total: Math.floor(this.#units / unitsPerWattHour) };
  }
}

/** No load is quite steady. */
function hundredths(watts: number, random: Random): number {
  return Math.round(watts * 100 * (1 + random.noise(0.06)));
}

function fridgeRuns({ seed }: Apartment, minute: number): boolean {
  return (minute + seed) % 43 < 15;
}
