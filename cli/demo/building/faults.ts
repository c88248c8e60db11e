import type { Random } from '../household/random.ts';
import type { Sensor } from './room-day.ts';

const hour = 3600;

/**
 * What the recorder of a sensor does wrong, as the real ones do: it pauses for more than an hour, stops for ever, loses its calibration, writes values
 * that cannot be, no value, or lines that are no reading.
 */
export class Faults {
  readonly #room: string;
  readonly #sensor: Sensor;
  readonly #random: Random;
  readonly #days: number;
  /** The pause: its day, its second, and for how long. */
  readonly #pause: { readonly day: number; readonly from: number; readonly secs: number } | undefined;
  #hasPaused = false;
  #headerDue: boolean;

  constructor(room: string, sensor: Sensor, random: Random, days: number) {
    this.#room = room;
    this.#sensor = sensor;
    this.#random = random;
    this.#days = days;
    const { next } = random;
    const pause = {
      day: Math.floor(next() * days),
      from: Math.floor(next() * 20) * hour,
      secs: hour + Math.floor(next() * 3 * hour),
    };
    this.#pause = next() < 0.5 ? pause : undefined;
    this.#headerDue = room === '417';
  }

  /** Room 511 is recorded for the first third of the days alone. */
  isDead(day: number): boolean {
    return this.#room === '511' && day > 0 && day >= this.#days / 3;
  }

  /** The second of the first reading of a day. */
  offset(every: number): number {
    return Math.floor(this.#random.next() * every);
  }

  /** Seconds to the next reading: about as many as it should be. */
  next(every: number): number {
    const dice = this.#random.next();
    return every + (dice < 0.06 ? -1 : dice > 0.94 ? 1 : 0);
  }

  /** Seconds for which nothing is recorded now. */
  pause(day: number, second: number): number {
    const pause = this.#pause;
    if (pause === undefined || this.#hasPaused || day !== pause.day || second < pause.from) return 0;
    this.#hasPaused = true;
    return pause.secs;
  }

  /** The line, or the lines, of a reading, without the line break at the end. */
  line(time: number, value: number, day: number, second: number): string {
    const line = `${time}, ${this.#written(value, day, second)}`;
    if (this.#headerDue) {
      this.#headerDue = false;
      return `time, value\n${line}`;
    }
    return line;
  }

  #written(value: number, day: number, second: number): string {
    const dice = this.#random.next();
    switch (this.#sensor) {
      case 'co2':
        // A sensor that has lost its calibration shows less than the air outside has.
        if (['424', '448', '622', '721'].includes(this.#room) && second > 6 * hour) return (value * 0.6).toFixed(2);
        break;
      case 'temperature':
        if (['413', '446'].includes(this.#room) && dice < 0.0008) return dice < 0.0004 ? '579.27' : '-40.10';
        break;
      case 'humidity':
        if (this.#room === '419' && dice < 0.0005) return '-500.96';
        break;
      case 'pir':
        if (this.#room === '415' && day === 0 && second >= 12 * hour && second < 12 * hour + 20) return '34456.00';
        break;
      case 'luminosity':
        if (this.#room === '421' && dice < 0.0006) return dice < 0.0003 ? '' : 'NaN';
        break;
      default:
        return this.#sensor satisfies never;
    }
    return value.toFixed(2);
  }
}
