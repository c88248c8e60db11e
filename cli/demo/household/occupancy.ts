import type { Apartment, Place, Room } from './apartment.ts';
import { clock } from './clock.ts';

/** Who is in a room at one minute. */
export interface Occupants {
  readonly awake: number;
  readonly asleep: number;
  /** A person came in or went out during this minute. */
  readonly crossed: boolean;
}

export interface Occupancy {
  in(room: Room): Occupants;
  /** A person left the apartment or came home. */
  readonly entranceCrossed: boolean;
}

/** Where everybody is at a local minute, and which doors they went through. */
export function occupancy(people: Apartment['people'], minute: number): Occupancy {
  const moves = people.map((stays) => ({ now: placeAt(stays, minute), before: placeAt(stays, minute - 1) }));
  const moved = moves.filter(({ now, before }) => now !== before);
  return {
    in: (room) => ({
      awake: moves.filter(({ now }) => now === room).length,
      asleep: moves.filter(({ now }) => now === 'asleep' && room === 'Bdroom').length,
      crossed: moved.some(({ now, before }) => roomOf(now) === room || roomOf(before) === room),
    }),
    entranceCrossed: moved.some(({ now, before }) => now === 'away' || before === 'away'),
  };
}

function placeAt(stays: Apartment['people'][number], minute: number): Place {
  let place: Place = 'away';
  for (const [time, next] of stays) {
    if (clock(time) > Math.max(minute, 0)) break;
    place = next;
  }
  return place;
}

function roomOf(place: Place): Room | undefined {
  switch (place) {
    case 'away':
      return undefined;
    case 'asleep':
      return 'Bdroom';
    default:
      return place;
  }
}
