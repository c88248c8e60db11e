// Simulates two apartments, minute by minute, for the sample day.
//
//   jimmy.ts, jeremie.ts           who lives there and what they do when
//   clock.ts, outdoors.ts          local time and the weather outside
//   occupancy.ts, climate.ts, electricity.ts  who is where; temperature, CO2 and humidity; what the plugs draw
//   payload.ts                     what the sensors make of a moment
//   random.ts                      numbers from a seed: the same day each time
//
// household yields the state of an apartment for each minute, once and in order.
import type { Apartment, Opening, RoomTraits } from './apartment.ts';
import { type Air, eveningAir, meanAir, nextAir } from './climate.ts';
import { span, within } from './clock.ts';
import { type Electricity, electricity, runningAt } from './electricity.ts';
import { type Occupancy, type Occupants, occupancy } from './occupancy.ts';
import type { Outdoors } from './outdoors.ts';
import { seededRandom } from './random.ts';

/** One apartment at one minute, as it is; what the sensors make of it is another matter. */
export interface Moment {
  readonly rooms: readonly RoomMoment[];
  readonly openings: readonly { readonly opening: Opening; readonly open: boolean }[];
  readonly electricity: Electricity;
  readonly outdoors: Outdoors;
}

export interface RoomMoment {
  readonly traits: RoomTraits;
  readonly air: Air;
  readonly occupants: Occupants;
  readonly lampOn: boolean;
  /** dB. */
  readonly noise: number;
}

/** @returns the life of an apartment by local minute; to be asked for each minute once, in order. */
export function household(apartment: Apartment): (minute: number, outdoors: Outdoors) => Moment {
  const random = seededRandom(apartment.seed);
  const meters = electricity(apartment, random);
  let air: readonly Air[] = apartment.rooms.map(eveningAir);
  return (minute, outdoors) => {
    const running = runningAt(apartment.activities, minute);
    const people = occupancy(apartment.people, minute);
    const openings = apartment.openings.map((opening) => ({ opening, open: isOpen(opening, people, minute) }));
    const inside = meanAir(air);
    const rooms = apartment.rooms.map((traits, index) => {
      const here = running.filter(({ room }) => room === traits.room);
      const opened = openings.filter(({ opening, open }) => open && opening.room === traits.room);
      const windowOpen = opened.some(({ opening }) => !isDoor(opening));
      const occupants = people.in(traits.room);
      const loudest = here.reduce((noise, activity) => Math.max(noise, activity.noise ?? 0), 0);
      return {
        traits,
        occupants,
        lampOn: occupants.awake > 0 && outdoors.sun < 0.25,
        noise: 31 + 3 * occupants.awake + loudest + (windowOpen ? 2 + 5 * outdoors.sun : 0),
        air: nextAir(air[index] ?? inside, traits, {
          occupants,
          windowOpen,
          doorOpen: opened.some(({ opening }) => isDoor(opening) && opening.entrance !== true),
          watts: here.reduce((sum, { watts }) => sum + watts, 0),
          steam: here.reduce((sum, { steam }) => sum + (steam ?? 0), 0),
          outdoors,
          inside,
        }),
      };
    });
    air = rooms.map((room) => room.air);
    const lamps = rooms.filter(({ lampOn }) => lampOn).length;
    return { rooms, openings, outdoors, electricity: meters(minute, running, lamps) };
  };
}

function isOpen(opening: Opening, people: Occupancy, minute: number): boolean {
  if (opening.open.some((text) => within(minute, span(text)))) return true;
  if (!isDoor(opening)) return false;
  return opening.entrance === true ? people.entranceCrossed : people.in(opening.room).crossed;
}

function isDoor({ type }: Opening): boolean {
  return type.toLowerCase() === 'door';
}
