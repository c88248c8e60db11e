import { clock } from './clock.ts';
import type { Random } from './random.ts';

/** The weather outside both apartments at one minute. */
export interface Outdoors {
  readonly temperature: number;
  readonly humidity: number;
  /** hPa at sea level. */
  readonly pressure: number;
  /** 0 at night, 1 at noon of a clear day. */
  readonly sun: number;
}

type Curve = readonly (readonly [time: string, value: number])[];

// A clear autumn day in the Rhone valley: frost is near at dawn, shirtsleeves at four, a front comes at night.
const temperature: Curve = [
  ['00:00', 9.1],
  ['07:20', 5.6],
  ['10:30', 10.4],
  ['15:40', 18.3],
  ['20:00', 12.6],
  ['26:00', 9.8],
];
const humidity: Curve = [
  ['00:00', 84],
  ['07:20', 93],
  ['15:40', 47],
  ['20:00', 69],
  ['26:00', 86],
];
const pressure: Curve = [
  ['00:00', 1022.4],
  ['09:00', 1021.1],
  ['17:00', 1016.8],
  ['26:00', 1013.2],
];
const noon = clock('13:14');
const halfDay = 333;

/** Temperature (°C), humidity (%) and sun without clouds by local minute. */
export function fairWeather(minute: number): Omit<Outdoors, 'pressure'> {
  const fromNoon = (minute - noon) / halfDay;
  return {
    temperature: at(temperature, minute),
    humidity: at(humidity, minute),
    sun: Math.max(0, 1 - fromNoon * fromNoon),
  };
}

/** @returns the weather by local minute; to be asked minute by minute, for its clouds drift. */
export function weather(random: Random): (minute: number) => Outdoors {
  let clouds = 0;
  return (minute) => {
    clouds = Math.min(1, Math.max(0, clouds * 0.96 + 0.012 + random.noise(0.09)));
    const fair = fairWeather(minute);
    return {
      temperature: fair.temperature - clouds * 0.4,
      humidity: fair.humidity + clouds * 2,
      pressure: at(pressure, minute),
      sun: fair.sun * (1 - 0.6 * clouds),
    };
  };
}

/** Goes through the points of a curve without a kink: flat at each point, steepest half way. */
function at(curve: Curve, minute: number): number {
  let [before] = curve;
  for (const point of curve) {
    if (clock(point[0]) > minute && before !== undefined) {
      const start = clock(before[0]);
      const part = Math.max(0, (minute - start) / (clock(point[0]) - start));
      return before[1] + (point[1] - before[1]) * part * part * (3 - 2 * part);
    }
    before = point;
  }
  return before?.[1] ?? 0;
}
