import { localOffset, minutesOfDay } from '../household/clock.ts';
import { fairWeather, type Outdoors } from '../household/outdoors.ts';
import { type Random, round, seededRandom } from '../household/random.ts';

/** What is special about the weather of a day. */
export interface DayWeather {
  /** Mean temperature, °C. */
  readonly mean: number;
  /** 0 for a clear day, 1 for a grey one. */
  readonly clouds: number;
  /** hPa at sea level. */
  readonly pressure: number;
}

/** The mean of the curve of fair weather, which the days are moved by. */
const fairMean = Array.from({ length: 24 }, (_, hour) => fairWeather(hour * 60).temperature).reduce(
  (sum, value) => sum + value / 24,
  0,
);

/**
 * The weather of days that end an autumn: the mean falls by a degree a week and wanders about that from day to day.
 * @returns one for each day, the last one first in time last in the list, and three more to forecast.
 */
export function seasonOf(days: number, seed: number): readonly DayWeather[] {
  const random = seededRandom(seed);
  let [wander, grey] = [0, 0.3];
  return Array.from({ length: days + 3 }, (_, day) => {
    wander = 0.7 * wander + random.noise(5);
    grey = Math.min(1, Math.max(0, 0.6 * grey + 0.12 + random.noise(0.5)));
    return { mean: 9.5 + (days - day) / 7 + wander - 2 * grey, clouds: grey, pressure: 1018 - 9 * grey };
  });
}

/** The weather outside at a minute of a local day. @param random of the passing clouds. */
export function outdoorsAt(day: DayWeather, minuteOfDay: number, random: Random): Outdoors {
  const fair = fairWeather(minuteOfDay);
  const swing = 1 - 0.5 * day.clouds;
  return {
    temperature: day.mean + (fair.temperature - fairMean) * swing,
    humidity: Math.min(99, Math.max(25, fair.humidity + 14 * day.clouds)),
    pressure: day.pressure,
    sun: Math.max(0, fair.sun * (1 - 0.7 * day.clouds) + random.noise(0.04) * fair.sun),
  };
}

const hoursAhead = 96;
const hourMs = 3_600_000;

/**
 * The lines of the forecast that is issued on a day, for one site: right at first, the more wrong the further it looks.
 * @param day its number; @param start of the first day, milliseconds.
 */
export function forecastLines(season: readonly DayWeather[], day: number, start: number, seed: number): string[] {
  const random = seededRandom(seed + 7919 * (day + 1));
  const drift = random.noise(1.6);
  const issued = start + day * 24 * hourMs;
  const last = season[season.length - 1];
  return Array.from({ length: hoursAhead }, (_, hour) => {
    const minute = hour * 60 + localOffset;
    const weather = season[day + Math.floor(minute / minutesOfDay)] ?? last;
    if (weather === undefined) return [];
    const { temperature, humidity, sun } = outdoorsAt(weather, minute % minutesOfDay, {
      next: () => 0,
      noise: () => 0,
    });
    const off = (drift * hour) / 36 + random.noise(0.3);
    const rain = weather.clouds > 0.6 ? Math.max(0, weather.clouds - 0.5 + random.noise(0.8)) : 0;
    const time = `${new Date(issued + hour * hourMs).toISOString().slice(0, 19).replace('T', ' ')}+00:00`;
    const values = [
      ['PRED_T_2M_ctrl', temperature + off, '°C'],
      ['PRED_RELHUM_2M_ctrl', Math.min(100, humidity - 2 * off), '%'],
      ['PRED_TOT_PREC_ctrl', rain, 'mm'],
      ['PRED_GLOB_ctrl', sun * 610, 'Watt/m2'],
    ] as const;
    return values.map(([measurement, value, unit]) => `${time},${round(value, 2)},00,Sion,${measurement},${unit}`);
  }).flat();
}
