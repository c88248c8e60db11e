import type { Owner } from './household/apartment.ts';
import { type Span, span, within } from './household/clock.ts';
import type { Json, JsonObject } from './household/payload.ts';

/** A stretch of minutes, in UTC as in the file names, in which an apartment reports something odd that still lands. */
export interface Fault {
  readonly owner: Owner;
  readonly during: Span;
  /** From the top of the file to the key that is odd. */
  readonly path: readonly string[];
  readonly oddity: Oddity;
}

type Oddity =
  /** The key is not there. */
  | { readonly kind: 'absent' }
  /** Another value than the one measured: null, an outlier, nonsense. */
  | { readonly kind: 'instead'; readonly value: Json }
  /** Numbers come as strings. */
  | { readonly kind: 'strings' }
  /** A list of one comes as its only element; an object with one key as what is under it. */
  | { readonly kind: 'unwrapped' };

const absent: Oddity = { kind: 'absent' };
const strings: Oddity = { kind: 'strings' };
const unwrapped: Oddity = { kind: 'unwrapped' };
const instead = (value: Json): Oddity => ({ kind: 'instead', value });

/** Everything that is odd about the sample day, broken files apart. */
export const faults: readonly Fault[] = [
  // Sensors that fall silent: a room, a value, a section, each way a source has to say nothing.
  fault('JimmyLoup', '02:12-04:55', 'meteos.meteo.Outdoor', absent),
  fault('JimmyLoup', '21:03-24:00', 'meteos.meteo.Outdoor', absent),
  fault('JimmyLoup', '05:40-06:25', 'plugs.Livingroom', instead(null)),
  fault('JimmyLoup', '11:30-11:52', 'consumptions', instead({})),
  fault('JimmyLoup', '18:10-18:16', 'humidities', absent),
  fault('JeremieVianin', '07:15-12:40', 'meteos.meteo.Office', absent),
  fault('JeremieVianin', '02:30-02:58', 'motions', absent),
  fault('JeremieVianin', '09:05-09:33', 'humidities', instead(null)),
  fault('JeremieVianin', '13:20-14:50', 'meteos.meteo.Bdroom.CO2', instead(null)),
  fault('JeremieVianin', '20:44-20:46', 'plugs', instead('offline')),
  // The same readings in another dress.
  fault('JimmyLoup', '08:00-09:30', 'meteos.meteo.Livingroom', strings),
  fault('JimmyLoup', '12:00-12:45', 'doorsWindows.Kitchen', unwrapped),
  fault('JeremieVianin', '15:00-16:00', 'plugs.Office', strings),
  fault('JeremieVianin', '10:00-10:30', 'meteos', unwrapped),
  fault('JeremieVianin', '03:00-04:00', 'motions.Kitchen.motion', instead(0)),
  // Implausible values, and one that is no value.
  fault('JimmyLoup', '14:21-14:24', 'meteos.meteo.Office.Temperature', instead(85)),
  fault('JimmyLoup', '19:07-19:08', 'plugs.Kitchen.power', instead(12_000)),
  fault('JimmyLoup', '06:33-06:34', 'meteos.meteo.Bdroom.Humidity', instead(131)),
  fault('JeremieVianin', '01:48-01:50', 'meteos.meteo.Bdroom.CO2', instead(9000)),
  fault('JeremieVianin', '17:26-17:27', 'meteos.meteo.Livingroom.Temperature', instead(-40)),
  fault('JeremieVianin', '11:11-11:12', 'meteos.meteo.Livingroom.Noise', instead('n/a')),
  // A file that does not say when it was: its name does.
  fault('JimmyLoup', '10:42-10:43', 'datetime', absent),
];

function fault(owner: Owner, during: string, path: string, oddity: Oddity): Fault {
  return { owner, during: span(during), path: path.split('.'), oddity };
}

/** Makes the contents of a file as odd as planned for its minute. */
export function applyFaults(contents: JsonObject, owner: Owner, utcMinute: number): JsonObject {
  return faults
    .filter((planned) => planned.owner === owner && within(utcMinute, planned.during))
    .reduce<JsonObject>((odd, { path, oddity }) => changed(odd, path, oddity), contents);
}

function changed(object: JsonObject, [key = '', ...rest]: readonly string[], oddity: Oddity): JsonObject {
  const value = object[key];
  if (value === undefined) return object;
  if (rest.length > 0) return isObject(value) ? { ...object, [key]: changed(value, rest, oddity) } : object;
  switch (oddity.kind) {
    case 'absent':
      return Object.fromEntries(Object.entries(object).filter(([other]) => other !== key));
    case 'instead':
      return { ...object, [key]: oddity.value };
    case 'strings':
      return { ...object, [key]: asStrings(value) };
    case 'unwrapped':
      return { ...object, [key]: onlyChild(value) };
    default:
      return oddity satisfies never;
  }
}

function asStrings(value: Json): Json {
  if (typeof value === 'number') return String(value);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asStrings(inner)]));
}

function onlyChild(value: Json): Json {
  const children = value !== null && typeof value === 'object' ? Object.values(value) : [];
  return children.length === 1 && children[0] !== undefined ? children[0] : value;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
