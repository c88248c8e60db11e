/** Room names as the sensors spell them. */
export type Room = 'Livingroom' | 'Office' | 'Bdroom' | 'Bhroom' | 'Kitchen' | 'Laundry';

/** Where a resident is: awake in a room, asleep in the bedroom, or not at home. */
export type Place = Room | 'asleep' | 'away';

export type Owner = 'JimmyLoup' | 'JeremieVianin';

/** One apartment, the people in it and what they do on the sample day. Times are local, spans `HH:MM-HH:MM`. */
export interface Apartment {
  readonly owner: Owner;
  readonly seed: number;
  readonly rooms: readonly RoomTraits[];
  /** For each person the moves of the day; the first one is where the night finds them. */
  readonly people: readonly (readonly (readonly [time: string, place: Place])[])[];
  readonly openings: readonly Opening[];
  readonly activities: readonly Activity[];
  readonly plugs: readonly Plug[];
  /** Charge of the weather sensor on the balcony, %. */
  readonly outdoorBattery: number;
}

export interface RoomTraits {
  readonly room: Room;
  /** m3: a small room fills with CO2 and steam sooner. */
  readonly volume: number;
  /** The thermostat, °C. */
  readonly heatedTo: number;
  /** 0 for a window to the north, 1 for a large one to the south. */
  readonly sunny: number;
  /** The base station of the weather sensors, on mains power, or a sensor with its charge in %. */
  readonly meteo?: 'station' | number;
  /** Charge of the humidity sensor, %. */
  readonly humidity?: number;
  /** A motion sensor, and the probability per minute that it detects a person in the room. */
  readonly motion?: number;
}

/** A sensor on a door or window. A door also opens in the minute in which a person walks through. */
export interface Opening {
  readonly room: Room;
  readonly type: string;
  readonly battery: number;
  readonly open: readonly string[];
  /** The door of the apartment: opens for those who come and go. */
  readonly entrance?: true;
}

/** Something that draws power, makes steam or noise for a while. */
export interface Activity {
  readonly room: Room;
  readonly during: readonly string[];
  readonly watts: number;
  /** Which of the three phases carries it. */
  readonly phase: 0 | 1 | 2;
  /** Whether it hangs on the metered plug of its room. */
  readonly plug?: true;
  /** Percent points of humidity a minute, in a room of 30 m3. */
  readonly steam?: number;
  /** dB above silence. */
  readonly noise?: number;
}

/** A metered plug. */
export interface Plug {
  readonly room: Room;
  readonly phase: 0 | 1 | 2;
  /** Watts while nothing runs. */
  readonly standby: number;
  /** Its lifetime counter when the day begins, Wh. */
  readonly total: number;
  /** When the counter starts again from 0. */
  readonly resetAt?: string;
}
