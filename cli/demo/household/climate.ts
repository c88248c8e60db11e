import type { RoomTraits } from './apartment.ts';
import type { Occupants } from './occupancy.ts';
import type { Outdoors } from './outdoors.ts';

/** The air of one room. */
export interface Air {
  readonly temperature: number;
  readonly humidity: number;
  readonly co2: number;
}

/** What acts on the air of a room during one minute. */
export interface Influences {
  readonly occupants: Occupants;
  readonly windowOpen: boolean;
  readonly doorOpen: boolean;
  /** Watts that end up as heat in this room. */
  readonly watts: number;
  /** Percent points of humidity, as for a room of 30 m3. */
  readonly steam: number;
  readonly outdoors: Outdoors;
  /** The air of the rest of the apartment, which comes in under the door. */
  readonly inside: Air;
}

const freshCo2 = 424;
/** What outdoor air becomes once it is warm: cold air holds little water. */
const freshHumidity = 37;
const settledHumidity = 46;

/** The air of the evening before, which the first simulated minutes settle. */
export function eveningAir(traits: RoomTraits): Air {
  return { temperature: traits.heatedTo, humidity: settledHumidity, co2: 640 };
}

/** The air one minute later: people breathe and warm, windows exchange, walls and doors leak, radiators heat. */
export function nextAir(air: Air, traits: RoomTraits, by: Influences): Air {
  const small = 30 / traits.volume;
  const breathing = by.occupants.awake + 0.6 * by.occupants.asleep;
  const airing = by.windowOpen ? 0.06 : 0.0035;
  const mixing = by.doorOpen ? 0.05 : 0.006;
  const warmth =
    0.022 * Math.max(0, traits.heatedTo - air.temperature) +
    0.0028 * breathing * small +
    0.00001 * by.watts * small +
    0.0055 * by.outdoors.sun * traits.sunny;
  return {
    co2: air.co2 + 9 * breathing * small - airing * (air.co2 - freshCo2) - mixing * (air.co2 - by.inside.co2),
    temperature:
      air.temperature +
      warmth -
      (by.windowOpen ? 0.015 : 0.0005) * (air.temperature - by.outdoors.temperature) -
      0.4 * mixing * (air.temperature - by.inside.temperature),
    humidity: Math.min(
      97,
      air.humidity +
        (by.steam + 0.03 * breathing) * small -
        airing * (air.humidity - freshHumidity) -
        0.006 * (air.humidity - settledHumidity) -
        mixing * (air.humidity - by.inside.humidity),
    ),
  };
}

/** The mean air of several rooms. */
export function meanAir(rooms: readonly Air[]): Air {
  const mean = (value: (air: Air) => number) => rooms.reduce((sum, air) => sum + value(air), 0) / rooms.length;
  return {
    temperature: mean((air) => air.temperature),
    humidity: mean((air) => air.humidity),
    co2: mean((air) => air.co2),
  };
}
